"""Text to speech: the contract and one file per engine."""
