"""Fixtures of the races: those of the integration tests."""

from tests.integration.conftest import producer, simulator

__all__ = ["producer", "simulator"]
