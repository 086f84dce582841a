//! The same model with every arc written down, for a solver that is not ours: OR-tools, from PyPI.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use touchbase::features::plans::graph::Graph;
use touchbase::features::plans::model::Model;
use touchbase::features::plans::situation::Situation;

use crate::Outcome;
use crate::peers::{run_to_end, tools};

const PACKAGES: [&str; 2] = ["ortools", "numpy"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/plan/min_cost_flow.py");

/// Arcs by column, as the script reads them.
#[derive(Default)]
struct Written {
    tails: Vec<i32>,
    heads: Vec<i32>,
    capacities: Vec<i64>,
    costs: Vec<i64>,
}

impl Written {
    fn arc(&mut self, tail: u32, head: u32, capacity: i64, cost: i64) -> Outcome<()> {
        self.tails.push(tail.try_into()?);
        self.heads.push(head.try_into()?);
        self.capacities.push(capacity);
        self.costs.push(cost);
        Ok(())
    }
}

/// Writes a situation down: its inner nodes, then a node with one unit for each customer.
pub fn write(situation: &Situation, to: &Path) -> Outcome<()> {
    let model: Model = situation.model();
    let graph = Graph::new(&model, &situation.options);
    let (inner, customers) = (graph.network.nodes, model.buyers.len());
    let mut written = Written::default();
    for arc in &graph.network.arcs {
        written.arc(arc.from, arc.to, arc.capacity, arc.cost)?;
    }
    for (customer, buyer) in model.buyers.iter().enumerate() {
        let tail = u32::try_from(inner + customer)?;
        written.arc(tail, 0, 1, 0)?;
        let nodes = graph.row(buyer.class);
        for (place, node) in nodes.iter().enumerate() {
            if let Some(gain) = model.gain(customer, place / model.days, place % model.days) {
                written.arc(tail, *node, 1, -gain)?;
            }
        }
    }
    let mut file = BufWriter::new(File::create(to)?);
    for number in [inner + customers, customers, written.tails.len()] {
        file.write_all(&i64::try_from(number)?.to_le_bytes())?;
    }
    for column in [&written.tails, &written.heads] {
        column
            .iter()
            .try_for_each(|number| file.write_all(&number.to_le_bytes()))?;
    }
    for column in [&written.capacities, &written.costs] {
        column
            .iter()
            .try_for_each(|number| file.write_all(&number.to_le_bytes()))?;
    }
    Ok(file.flush()?)
}

/// Installs the solver where it is missing. The Python that has it.
pub fn install() -> Outcome<PathBuf> {
    let folder = tools()?.join("solver");
    let python = folder.join("bin/python");
    if !python.exists() {
        run_to_end(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run_to_end(
            Command::new(folder.join("bin/pip"))
                .args(["install", "--quiet"])
                .args(PACKAGES),
        )?;
    }
    Ok(python)
}

/// Seconds, megabytes, and what the best plan is worth.
pub fn solve(python: &Path, written: &Path) -> Outcome<[f64; 3]> {
    let output = Command::new(python).arg(SCRIPT).arg(written).output()?;
    let said = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    figures
        .try_into()
        .map_err(|_| format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into())
}
