//! Columns that line up.

use super::{plain, style::Style};

/// Rows of plain text under a heading; the last column is as wide as it likes.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| plain::line(cell))).collect();
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = Style::Strong.of(aligned(&heading, &widths)) + "\n";
    for row in &rows {
        text += &aligned(row, &widths);
        text.push('\n');
    }
    text
}

fn aligned<S: AsRef<str>>(cells: &[S], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cell.as_ref()));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
