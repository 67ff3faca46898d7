"""Text to speech and speech to text as they flow: synthesis ahead, transcription, endpointing."""
