//! A model as a table: layers, output shapes, parameters, initializers.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use evenkeel_graph::{NodeInfo, Params};
use evenkeel_tensor::{Real, Shape};

/// One layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// The layer's path; empty for operations outside of any layer.
    pub layer: String,
    /// The operations, in order.
    pub operations: Vec<&'static str>,
    /// The shape of the layer's output for a batch of one.
    pub shape: Shape,
    /// The number of values in the layer's parameters.
    pub parameters: usize,
    /// Each parameter's name within the layer, shape and initializer (`None` if none was used).
    pub initializers: Vec<(String, Shape, Option<String>)>,
}

/// What [`Model::summary`](crate::Model::summary) returns; prints as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    rows: Vec<SummaryRow>,
    parameters: usize,
    bytes: usize,
}

impl Summary {
    pub(crate) fn new<T: Real>(nodes: &[NodeInfo], params: &Params<T>) -> Self {
        let mut rows: Vec<SummaryRow> = Vec::new();
        for node in nodes {
            let Some(operation) = node.operation else { continue };
            let used = node.inputs.iter().filter_map(|id| nodes[id.index()].param);
            let used: Vec<_> = used.map(|id| params.get(id)).collect();
            match rows.last_mut().filter(|row| row.layer == node.path) {
                Some(row) => row.operations.push(operation),
                None => rows.push(SummaryRow::new(node, operation)),
            }
            let Some(row) = rows.last_mut() else { continue };
            row.shape = node.shape;
            for entry in used {
                let name = entry.name().rsplit('/').next().unwrap_or_default().to_owned();
                let shape = entry.value().shape();
                row.parameters += shape.len();
                row.initializers.push((name, shape, entry.initializer().map(str::to_owned)));
            }
        }
        let parameters = params.value_count();
        Self { rows, parameters, bytes: parameters * size_of::<T>() }
    }

    /// The layers, in the order in which data flows.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// The number of values in all parameters; shared ones count once.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The memory of all parameters, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl SummaryRow {
    fn new(node: &NodeInfo, operation: &'static str) -> Self {
        Self {
            layer: node.path.clone(),
            operations: vec![operation],
            shape: node.shape,
            parameters: 0,
            initializers: Vec::new(),
        }
    }

    /// The output's shape with N for the batch: `[N, 64]`.
    fn batch_shape(&self) -> String {
        let sample = self.shape.sample().to_string();
        match sample.trim_matches(['[', ']']) {
            "" => "[N]".into(),
            rest => format!("[N, {rest}]"),
        }
    }

    fn initializer_text(&self) -> String {
        let text = |(name, shape, init): &(String, Shape, Option<String>)| {
            format!("{name} {shape}: {}", init.as_deref().unwrap_or("not initialized"))
        };
        self.initializers.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["layer", "operation", "output", "parameters", "initializers"]);
        for row in &self.rows {
            table.add_row([
                row.layer.clone(),
                row.operations.join(", "),
                row.batch_shape(),
                row.parameters.to_string(),
                row.initializer_text(),
            ]);
        }
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}")?;
        write!(f, "{} parameters, {} bytes", self.parameters, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_init::Policy;

    use crate::{Model, Sequential};

    #[test]
    fn the_whole_table() {
        let model: Model =
            Sequential::new([64]).dense(32).relu().dense(10).build(&Policy::auto(), 1).unwrap();
        let expected = "\
| layer   | operation | output  | parameters | initializers                                     |
|---------|-----------|---------|------------|--------------------------------------------------|
| dense.0 | linear    | [N, 32] |       2080 | weight [64, 32]: he_normal, bias [32]: zeros     |
| relu.0  | relu      | [N, 32] |          0 |                                                  |
| dense.1 | linear    | [N, 10] |        330 | weight [32, 10]: glorot_normal, bias [10]: zeros |
2410 parameters, 9640 bytes";
        let text = model.summary().unwrap().to_string();
        assert_eq!(text, expected, "\n{text}");
    }
}
