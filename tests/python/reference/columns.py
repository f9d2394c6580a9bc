"""The canonical columns of every entity, in their order (sources.md): those that the demo company is written with."""

from seeds.demo_generator.tables import COLUMNS as COLUMNS
