// The posterior mean as an ONNX model, written byte by byte: softmax((2 x y' - |y|^2) k) y, k = 1 / (2 sigma^2).
const encoder = new TextEncoder();

/** @param {number} value @returns {number[]} */
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
/** A field of a number. @param {number} field @param {number} value */
const number = (field, value) => [...varint(field << 3), ...varint(value)];
/** A field of bytes: a text, or a message's fields. @param {number} field @param {string | number[]} content */
const bytes = (field, content) => {
  const list = typeof content === "string" ? [...encoder.encode(content)] : content;
  return [...varint((field << 3) | 2), ...varint(list.length), ...list];
};

const FLOAT = 1;
const INT = 2;
/** ONNX's own numbers: any version from these on reads the model. */
const IR_VERSION = 8;
const OPERATORS = 15;

/** A tensor of float32 whose axes have names for lengths. @param {string} name @param {string[]} axes */
const tensor = (name, axes) => {
  const shape = axes.flatMap((axis) => bytes(1, bytes(2, axis)));
  return [...bytes(1, name), ...bytes(2, bytes(1, [...number(1, FLOAT), ...bytes(2, shape)]))];
};

/** @param {string} operator @param {string[]} inputs @param {string} output @param {number[]} attributes */
const node = (operator, inputs, output, attributes = []) => [
  ...inputs.flatMap((name) => bytes(1, name)),
  ...bytes(2, output),
  ...bytes(4, operator),
  ...attributes,
];

/** The model: inputs `x` [count, dim], `y` [size, dim], `yt` [dim, size], `squares` [size], `two`, `k`; output `mean`. */
export function posteriorMeanModel() {
  const axis = bytes(5, [...bytes(1, "axis"), ...number(3, 1), ...number(20, INT)]);
  const nodes = [
    node("MatMul", ["x", "yt"], "products"),
    node("Mul", ["products", "two"], "doubled"),
    node("Sub", ["doubled", "squares"], "differences"),
    node("Mul", ["differences", "k"], "logits"),
    node("Softmax", ["logits"], "weights", axis),
    node("MatMul", ["weights", "y"], "mean"),
  ];
  const inputs = [
    tensor("x", ["count", "dim"]),
    tensor("y", ["size", "dim"]),
    tensor("yt", ["dim", "size"]),
    tensor("squares", ["size"]),
    tensor("two", []),
    tensor("k", []),
  ];
  const graph = [
    ...nodes.flatMap((one) => bytes(1, one)),
    ...bytes(2, "posterior mean"),
    ...inputs.flatMap((one) => bytes(11, one)),
    ...bytes(12, tensor("mean", ["count", "dim"])),
  ];
  return Uint8Array.from([...number(1, IR_VERSION), ...bytes(7, graph), ...bytes(8, number(2, OPERATORS))]);
}
