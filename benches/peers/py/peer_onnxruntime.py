"""ONNX Runtime, CPU, inference only (W6).  Variant: t1 or t2 (intra-op threads)."""
import common

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


def run(w, variant):
    nodes, inits, last, layers = [], [], "x", len(w.params) // 2
    for i in range(layers):
        inits += [numpy_helper.from_array(w.params[2 * i], f"w{i}"), numpy_helper.from_array(w.params[2 * i + 1], f"b{i}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
        last = f"z{i}"
        if i < layers - 1:
            nodes.append(helper.make_node("Relu", [last], [f"a{i}"]))
            last = f"a{i}"
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", w.sizes[0]])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["n", w.sizes[-1]])], inits)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    w.release()
    inits.clear()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1 if variant == "t1" else 2
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    data = list(w.batches())

    def loss_of(z, y):
        z = z - z.max(axis=1, keepdims=True)
        return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()

    def one_pass():
        for x, _ in data:
            out = session.run(None, {"x": x})[0]
        return loss_of(out, data[-1][1])

    first = loss_of(session.run(None, {"x": data[0][0]})[0], data[0][1])
    common.measure("onnxruntime", w, variant, one_pass, first)


if __name__ == "__main__":
    common.main(run, ["W6a", "W6b"], "t2")
