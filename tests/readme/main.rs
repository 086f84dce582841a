//! The README's commands, run as printed against the real program, and what the README says that they print.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ADDRESS: &str = "127.0.0.1:8080";
/// Stands between the outputs of two blocks.
const MARK: &str = "--- the next block ---";

/// A shell block, and what it prints when the README shows that.
struct Step {
    script: String,
    printed: Option<String>,
}

/// The blocks that are marked as `bash`, each with the `text` block that follows it.
fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = readme.lines();
    let mut was_step = false;
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match language {
            "bash" => steps.push(Step {
                script: block,
                printed: None,
            }),
            "text" if was_step => steps.last_mut().unwrap().printed = Some(block),
            _ => {}
        }
        was_step = language == "bash";
    }
    steps
}

/// Whether a line is as shown, where `…` stands for anything.
fn fits(shown: &str, line: &str) -> bool {
    let parts: Vec<&str> = shown.trim_end().split('…').collect();
    let (first, last) = (parts.first().unwrap(), parts.last().unwrap());
    let line = line.trim_end();
    if parts.len() == 1 {
        return shown.trim_end() == line;
    }
    line.len() >= first.len() + last.len() && line.starts_with(first) && line.ends_with(last)
}

/// The demonstration, running in a folder of its own; stopped when dropped.
struct Demo {
    child: Child,
    address: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string();
        let child = Command::new(env!("CARGO_BIN_EXE_touchbase"))
            .args(["demo", "--listen", &address, "--folder"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut demo = Self { child, address };
        let deadline = Instant::now() + Duration::from_secs(300);
        while !demo.is_ready() {
            assert!(demo.child.try_wait().unwrap().is_none(), "the demonstration ended");
            assert!(Instant::now() < deadline, "the demonstration was not ready in time");
            std::thread::sleep(Duration::from_millis(100));
        }
        demo
    }

    fn is_ready(&self) -> bool {
        Command::new(env!("CARGO_BIN_EXE_touchbase"))
            .args(["health", "--listen", &self.address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }
}

#[test]
fn the_readme_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let steps = steps(&std::fs::read_to_string(root.join("README.md")).unwrap());
    assert!(steps.len() > 5, "the README has lost its commands");
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));

    // One shell for all of them, as a reader has one terminal; its folder has the repository's files and may be written.
    let desk = folder.path().join("desk");
    std::fs::create_dir(&desk).unwrap();
    std::os::unix::fs::symlink(root.join("tests"), desk.join("tests")).unwrap();
    let mut script = String::new();
    // Whoever tries it a second time sees the same.
    let twice = || steps.iter().chain(&steps);
    for step in twice() {
        script += &format!("{}\necho '{MARK}'\n", step.script.replace(ADDRESS, &demo.address));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_touchbase")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-s"])
        .env("PATH", path)
        .env("XDG_CONFIG_HOME", folder.path())
        .current_dir(&desk)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();

    let mut outputs = said.split(MARK);
    for step in twice() {
        let printed = outputs.next().unwrap_or_default().trim_matches('\n');
        let Some(shown) = &step.printed else { continue };
        let fit = shown.lines().count() == printed.lines().count()
            && shown
                .lines()
                .zip(printed.lines())
                .all(|(shown, line)| fits(shown, line));
        assert!(
            fit,
            "{}\nshould print\n{shown}\nbut prints\n{printed}\n{complaint}",
            step.script
        );
    }
    assert!(output.status.success(), "{said}{complaint}");
}

#[test]
fn dots_in_what_is_shown_stand_for_anything() {
    assert!(fits("\"id\": \"…\",", "\"id\": \"0190\","));
    assert!(fits("…T15:00:00Z", "2026-11-23T15:00:00Z"));
    assert!(!fits("…T15:00:00Z", "2026-11-23T16:00:00Z"));
    assert!(!fits("completed", "canceled"));
}
