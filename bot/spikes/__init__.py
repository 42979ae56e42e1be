"""spikes."""
