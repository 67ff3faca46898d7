"""Models behind contracts: text to speech, speech to text, language models, voice activity detection."""
