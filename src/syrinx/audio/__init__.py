"""PCM, frames, resampling, levels, WAV and joins: sound without any model."""
