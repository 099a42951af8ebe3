"""A picture of the template's dashboard, drawn from its own DashboardBody and a made-up day."""
