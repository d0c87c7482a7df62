"""`deepro layers MODEL`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from deepro.cli.network import with_network
from deepro.cli.output import Json, show

if TYPE_CHECKING:
    from deepro.network import Network


@with_network
def layers(net: Network, json: Json = False) -> None:
    """Names, kinds, output shapes, receptive fields and parameters, in execution order.

    Example: deepro layers torchvision:vgg16
    """
    rows = net.layer_table()
    show(rows, json, lambda console: console.print(_table(net, rows)))


def _table(net: Network, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"{net.name}, input {'x'.join(map(str, net.input_shape or ()))}", title_justify="left")
    for name in ("layer", "kind"):
        table.add_column(name, overflow="fold")
    for name in ("output shape", "receptive field", "stride", "parameters"):
        table.add_column(name, justify="right")
    for row in rows:
        field = row["receptive_field"]
        table.add_row(
            row["name"],
            row["kind"],
            "x".join(map(str, row["shape"])),
            _axes(field["size"]) if field else "-",
            _axes(field["stride"]) if field else "-",
            f"{row['parameters']:,}" if row["parameters"] else "",
        )
    return table


def _axes(numbers: list[int]) -> str:
    """24 for (24, 24), 3x5 for (3, 5)."""
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(map(str, numbers))
