"""The stage, as the house sees it: seats, requests to speak, WHIP, the back channel."""
