//! One function as a process: started, asked for its memory, ended.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How a function is started and its name in the table.
pub struct Program {
    /// Key in the JSON: `rust`, `boto3`, `node`.
    pub key: &'static str,
    /// Heading in the table.
    pub title: String,
    /// Executable and arguments.
    pub command: Vec<String>,
    /// Working directory, as `LAMBDA_TASK_ROOT`.
    pub directory: PathBuf,
    /// Variables that only this one needs.
    pub variables: Vec<(String, String)>,
    /// The deployment package.
    pub package: Package,
}

/// What is uploaded, and a sentence on what that is.
pub struct Package {
    /// Size of the zip, bytes.
    pub bytes: u64,
    /// What is in it.
    pub contents: String,
}

/// A started function; ended when dropped.
pub struct Running {
    child: Child,
    log: PathBuf,
    /// When the process was started.
    pub started: Instant,
}

impl Running {
    /// Starts `program` with exactly the given environment; what it prints goes to `log`.
    pub fn start(program: &Program, variables: &[(String, String)], log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("write {}", log.display()))?;
        let (executable, arguments) = program.command.split_first().context("a program needs a command")?;
        let mut command = Command::new(executable);
        command
            .args(arguments)
            .current_dir(&program.directory)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .envs(program.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("start {executable}"))?;
        Ok(Self { child, log: log.to_owned(), started })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Why it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<String>> {
        Ok(self.child.try_wait()?.map(|status| status.to_string()))
    }

    /// The last lines that it printed.
    pub fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Peak resident memory of the process and its descendants, bytes.
    pub fn peak_memory(&self) -> Result<u64> {
        peak_of_tree(self.pid())
    }

    /// CPU time that the process and its descendants have used.
    pub fn cpu_time(&self) -> Result<Duration> {
        tasks_of_tree(self.pid())?.iter().map(|task| cpu_of_task(task)).sum()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn peak_of_tree(pid: u32) -> Result<u64> {
    let processes: BTreeSet<PathBuf> =
        tasks_of_tree(pid)?.iter().filter_map(|task| Some(task.parent()?.parent()?.join("status"))).collect();
    let peak = |status: &PathBuf| {
        let status = fs::read_to_string(status).context("read the memory of the function")?;
        peak_in(&status).context("find VmHWM in the status of the function")
    };
    processes.iter().map(peak).sum()
}

/// The `/proc/<pid>/task/<tid>` of every thread of a process and of its descendants.
fn tasks_of_tree(pid: u32) -> Result<Vec<PathBuf>> {
    let mut tasks = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("look at the function's threads")? {
        let task = task?.path();
        for child in fs::read_to_string(task.join("children")).unwrap_or_default().split_whitespace() {
            tasks.extend(tasks_of_tree(child.parse()?)?);
        }
        tasks.push(task);
    }
    Ok(tasks)
}

/// Nanoseconds on a CPU are the first field of `schedstat`; `stat` counts in hundredths of a second.
fn cpu_of_task(task: &Path) -> Result<Duration> {
    let text = fs::read_to_string(task.join("schedstat")).context("read the CPU time of the function")?;
    let used = text.split(' ').next().context("find the CPU time in schedstat")?;
    Ok(Duration::from_nanos(used.parse().with_context(|| format!("read the CPU time {used:?}"))?))
}

fn peak_in(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_read_in_bytes() {
        assert_eq!(peak_in("Name:\tx\nVmHWM:\t    7940 kB\nVmRSS:\t 1 kB\n"), Some(7940 * 1024));
        assert_eq!(peak_in("Name:\tx\n"), None);
    }
}
