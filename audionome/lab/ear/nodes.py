"""Nodes and constants of an ONNX graph, added one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

__all__ = ["Nodes"]

_OPSET = 18
_IR = 9  # version of the file's format


class Nodes:
    """Nodes and constants, in the order in which they were added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node.

        Parameters
        ----------
        kind : str
            Its operator.
        inputs : list of str
        output : str
        **attributes
            Of the operator.

        Returns
        -------
        str
            The name of its output.
        """
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def number(self, name: str, values: ArrayLike) -> str:
        """Add a constant of float32.

        Parameters
        ----------
        name : str
        values : array-like

        Returns
        -------
        str
            Its name.
        """
        return self._constant(name, np.asarray(values, np.float32))

    def whole(self, name: str, values: ArrayLike) -> str:
        """Add a constant of whole numbers.

        Parameters
        ----------
        name : str
        values : array-like

        Returns
        -------
        str
            Its name.
        """
        return self._constant(name, np.asarray(values, np.int64))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        # In the byte order of the file, whatever the machine's.
        values = values.astype(values.dtype.newbyteorder("<"), order="C")
        self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def model(
        self,
        name: str,
        inputs: list[onnx.ValueInfoProto],
        outputs: list[onnx.ValueInfoProto],
        *,
        doc: str = "",
    ) -> onnx.ModelProto:
        """Make a model of them, and check it.

        Parameters
        ----------
        name : str
        inputs, outputs : list of onnx.ValueInfoProto
        doc : str
            What the file says of itself.

        Returns
        -------
        onnx.ModelProto
        """
        graph = helper.make_graph(self.nodes, name, inputs, outputs, list(self.constants.values()))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR,
            producer_name="audionome",
            doc_string=doc,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
