"""Every request, reply and event, typed, one module for each subject; `registry` lists them all."""
