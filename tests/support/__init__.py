"""What tests share: plain helper modules and fixtures, none of them a test."""
