//! The graph of the file.

use trustpath_core::graph::{Graph, Node};

use super::{plain::line, table::table};

/// A list, needed steps first, with what each hands on.
pub(crate) fn list(graph: &Graph) -> String {
    let row = |node: &Node| [node.name.to_string(), node.uses.clone(), node.needs.join(", "), gives(node)];
    let rows: Vec<_> = graph.nodes().iter().map(row).collect();
    table(["STEP", "USES", "NEEDS", "GIVES"], &rows)
}

fn gives(node: &Node) -> String {
    let facts = node.given.shown().map(|(_, name, _)| name);
    facts.collect::<Vec<_>>().join(", ")
}

/// For Markdown.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for place in graph.places() {
        let node = graph.node(place);
        let (name, uses) = (entities(&node.name), entities(&node.uses));
        text += &format!("    n{}[\"{name}<br/><i>{uses}</i>\"]\n", place.index());
    }
    for (from, to) in edges(graph) {
        text += &format!("    n{from} --> n{to}\n");
    }
    text
}

/// For Graphviz.
pub(crate) fn dot(graph: &Graph) -> String {
    let quoted = |text: &str| line(text).replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = format!("digraph \"{}\" {{\n    node [shape=box];\n", quoted(graph.id()));
    for place in graph.places() {
        let node = graph.node(place);
        text += &format!("    n{} [label=\"{}\\n{}\"];\n", place.index(), quoted(&node.name), quoted(&node.uses));
    }
    for (from, to) in edges(graph) {
        text += &format!("    n{from} -> n{to};\n");
    }
    text + "}\n"
}

fn edges(graph: &Graph) -> Vec<(usize, usize)> {
    let into = |place| {
        graph.dependencies(place).map(move |need| (need.index(), trustpath_core::graph::StepIndex::index(place)))
    };
    let mut edges: Vec<_> = graph.places().flat_map(into).collect();
    edges.sort_unstable();
    edges
}

fn entities(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
