"""The chat completions protocol, as OpenAI set it down and many servers speak it: pure parts and the client."""
