"""Which stored things the present code, configuration and inputs would make again, and which not."""
