"""What engines elsewhere share: reading their options, speaking HTTP, understanding refusals, sound on its way."""
