"""A language model that proposes and judges descriptions: any OpenAI-compatible endpoint."""
