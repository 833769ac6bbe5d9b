//! The figures: one table, or JSON.

use serde_json::{Map, Value, json};

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

#[derive(Debug)]
struct Figure {
    group: &'static str,
    name: String,
    value: f64,
    unit: &'static str,
}

impl Figures {
    /// Adds a figure to a group; figures of one group come one after the other.
    pub(crate) fn add(
        &mut self,
        group: &'static str,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) {
        self.0.push(Figure {
            group,
            name: name.into(),
            value,
            unit,
        });
    }

    /// Returns the figures as a table for a terminal.
    pub(crate) fn table(&self) -> String {
        let names = self
            .0
            .iter()
            .map(|figure| figure.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut table = String::new();
        let mut group = "";
        for figure in &self.0 {
            if figure.group != group {
                group = figure.group;
                table.push_str(&format!("\n{group}\n"));
            }
            let padding = " ".repeat(names - figure.name.chars().count());
            let row = format!(
                "  {}{padding}  {:>9}  {}",
                figure.name,
                number(figure.value),
                figure.unit
            );
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// Returns the figures as JSON: group, figure, value and unit.
    pub(crate) fn json(&self) -> Value {
        let mut groups = Map::new();
        for figure in &self.0 {
            let group = groups.entry(figure.group).or_insert_with(|| json!({}));
            group[&figure.name] = json!({ "value": figure.value, "unit": figure.unit });
        }
        Value::Object(groups)
    }
}

/// Writes a number with three digits that mean something, and no more behind the point than that needs.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Returns the middle value; of an even number, the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle)) {
        (_, None) => f64::NAN,
        (0, Some(upper)) => f64::midpoint(values[middle - 1], *upper),
        (_, Some(value)) => *value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, median};

    #[test]
    fn figures_are_grouped_aligned_and_rounded() {
        let mut figures = Figures::default();
        figures.add("starts", "rate", 12_345.6, "1/s");
        figures.add("starts", "longer name", 0.25, "");
        figures.add("store", "p50", 1.234, "ms");
        let table = "\nstarts\n  rate             12346  1/s\n  longer name      0.250\n\nstore\n  \
                     p50               1.23  ms\n";
        assert_eq!(figures.table(), table);
        assert_eq!(figures.json()["starts"]["longer name"]["value"], 0.25);
        assert_eq!(figures.json()["store"]["p50"]["unit"], "ms");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5_f64.to_bits());
        assert!(median(Vec::new()).is_nan());
    }
}
