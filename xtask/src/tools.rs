//! The tool environment: a Python virtual environment in `.tools/`, made from one pinned requirements file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::process;
use crate::screen::{Detail, phase};

/// The oldest Python that every tool runs on.
const PYTHON: (u32, u32) = (3, 10);

/// The tools, ready to run.
#[derive(Clone, Debug)]
pub struct Tools {
    root: PathBuf,
    bin: PathBuf,
}

impl Tools {
    /// Makes the environment, unless it is there and made from the same file.
    ///
    /// # Errors
    /// With what to do about it when Python, its `venv` module or the package registry is missing.
    pub fn prepare() -> Result<Tools> {
        let root = root();
        let home = root.join(".tools");
        fs::create_dir_all(&home).with_context(|| format!("create {}", home.display()))?;
        let lock = File::create(home.join("lock"))?;
        // Two commands at once: the second waits for the first one's environment.
        lock.lock().context("wait for the other command that makes the tool environment")?;
        let tools = Tools { bin: home.join("venv/bin"), root };
        let wanted = fs::read_to_string(tools.requirements()).context("read the requirements file")?;
        let made_from = fs::read_to_string(home.join("made-from")).unwrap_or_default();
        if wanted != made_from || !runs(&tools.bin.join("python")) {
            let python = find_python()?;
            phase("Making the tool environment (once)", |detail| tools.make(&home, &python, detail))?;
            fs::write(home.join("made-from"), wanted)?;
        }
        Ok(tools)
    }

    fn requirements(&self) -> PathBuf {
        self.root.join("xtask/requirements.txt")
    }

    fn make(&self, home: &Path, python: &Path, detail: &Detail) -> Result<()> {
        let venv = home.join("venv");
        if venv.exists() {
            fs::remove_dir_all(&venv).with_context(|| format!("remove {}", venv.display()))?;
        }
        let mut create = Command::new(python);
        create.args(["-m", "venv"]).arg(&venv);
        process::run(create, &home.join("venv.log"), detail).with_context(|| no_venv(&python.display().to_string()))?;
        let requirements = fs::read_to_string(self.requirements())?;
        let uv = requirements.lines().find(|line| line.starts_with("uv==")).context("no uv in the requirements")?;
        let mut pip = self.command("python");
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", uv]);
        process::run(pip, &home.join("pip.log"), detail).with_context(no_registry)?;
        // uv takes half a minute for what takes pip two; pip knows registries that only its own settings name.
        let mut fast = self.command("uv");
        fast.args(["pip", "install", "--link-mode", "copy", "--python"]).arg(self.bin.join("python"));
        fast.arg("-r").arg(self.requirements());
        if process::run(fast, &home.join("uv.log"), detail).is_err() {
            let mut slow = self.command("python");
            slow.args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--progress-bar",
                "off",
                "--no-deps",
                "-r",
            ]);
            slow.arg(self.requirements());
            process::run(slow, &home.join("pip.log"), detail).with_context(no_registry)?;
        }
        Ok(())
    }

    /// A tool of the environment, with all the others on its path.
    pub fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(self.bin.join(tool));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&path));
        if let Ok(paths) = std::env::join_paths(paths) {
            command.env("PATH", paths);
        }
        command.env("SAM_CLI_TELEMETRY", "0").env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command.env_remove("VIRTUAL_ENV").env_remove("PYTHONHOME").env_remove("PYTHONPATH");
        process::forget_cargo(&mut command);
        command.current_dir(&self.root);
        command
    }

    /// One of our own Python programs, run in the environment.
    pub fn python(&self, program: &str) -> Command {
        let mut command = self.command("python");
        command.arg(self.root.join("xtask/emulator").join(program));
        command
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The repository that this program was compiled in.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn runs(program: &Path) -> bool {
    let quiet = Command::new(program).args(["-c", ""]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// The Python to make the environment with: `$PYTHON`, else the first of the usual names that is new enough.
fn find_python() -> Result<PathBuf> {
    let named = std::env::var_os("PYTHON").map(|python| vec![PathBuf::from(python)]);
    let names = named.unwrap_or_else(|| ["python3", "python"].map(PathBuf::from).to_vec());
    let found: Vec<(PathBuf, String)> =
        names.into_iter().filter_map(|name| ask(&name).map(|answer| (name, answer))).collect();
    choose(&found)
}

/// Version, and whether `venv` can be used: Debian ships Python without it.
fn ask(python: &Path) -> Option<String> {
    let question = "import sys\nprint(*sys.version_info[:2])\nimport venv, ensurepip\nprint('venv')";
    let answer = Command::new(python).args(["-c", question]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(answer.stdout).ok().filter(|answer| !answer.is_empty())
}

fn choose(found: &[(PathBuf, String)]) -> Result<PathBuf> {
    let mut problem = no_python();
    for (python, answer) in found {
        let mut words = answer.split_whitespace();
        let version = (words.next().and_then(|n| n.parse().ok()), words.next().and_then(|n| n.parse().ok()));
        let (Some(major), Some(minor)) = version else { continue };
        if (major, minor) < PYTHON {
            problem = format!(
                "Python {}.{} or newer is needed, and `{}` is {major}.{minor}.\n  Install a newer one, or name it: PYTHON=/path/to/python3 cargo xtask ...",
                PYTHON.0,
                PYTHON.1,
                python.display()
            );
        } else if words.next() != Some("venv") {
            problem = no_venv(&python.display().to_string());
        } else {
            return Ok(python.clone());
        }
    }
    bail!(problem)
}

fn no_python() -> String {
    format!(
        "Python {}.{} or newer is needed, and neither `python3` nor `python` runs.\n  \
         Debian, Ubuntu: apt-get install python3 python3-venv    Fedora: dnf install python3    macOS: brew install python\n  \
         Or name one: PYTHON=/path/to/python3 cargo xtask ...",
        PYTHON.0, PYTHON.1
    )
}

fn no_venv(python: &str) -> String {
    format!(
        "`{python}` cannot make virtual environments.\n  Debian, Ubuntu: apt-get install python3-venv\n  \
         Or name another Python: PYTHON=/path/to/python3 cargo xtask ..."
    )
}

fn no_registry() -> anyhow::Error {
    anyhow!(
        "The tools could not be installed from the Python package registry.\n  Is it reachable from here? Behind a proxy set \
         HTTPS_PROXY; for a mirror set PIP_INDEX_URL.\n  Then run the same command again: it starts where this one stopped."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(found: &[(&str, &str)]) -> Result<PathBuf> {
        choose(&found.iter().map(|(name, answer)| (PathBuf::from(name), (*answer).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn takes_the_first_python_that_is_new_enough_and_has_venv() {
        let found = [("python3", "3 9\nvenv\n"), ("python", "3 12\nvenv\n")];
        assert_eq!(chosen(&found).unwrap(), PathBuf::from("python"));
    }

    #[test]
    fn says_what_to_install_when_python_venv_or_a_newer_one_is_missing() {
        for (found, expected) in [
            (&[][..], "neither `python3` nor `python` runs"),
            (&[("python3", "3 8\nvenv\n")][..], "`python3` is 3.8"),
            (&[("python3", "3 11\n")][..], "apt-get install python3-venv"),
        ] {
            let said = chosen(found).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
