"""The editor screen and its parts."""
