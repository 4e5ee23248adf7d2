"""The broker's child processes and their work. Only these processes import torch at run time."""
