"""The local endpoint: every tool that speaks to a model is routed, guarded, metered and visible like the dashboard."""
