"""What surrounds every request to an engine, written once: admission, time-outs, retries, fallback, metrics."""
