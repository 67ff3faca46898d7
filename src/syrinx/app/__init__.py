"""Settings, wiring, server and command line; the only room that reads the environment."""
