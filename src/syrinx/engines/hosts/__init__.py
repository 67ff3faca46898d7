"""Where engines run: in this process or in a worker of their own."""
