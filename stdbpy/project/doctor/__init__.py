"""Whether everything is there and fits together that work with SpacetimeDB needs: findings, each with its fix."""

from stdbpy.project.doctor.examination import Circumstances, examine
from stdbpy.project.doctor.finding import Finding, Level

__all__ = ["Circumstances", "Finding", "Level", "examine"]
