//! The local cloud: an emulated AWS on this machine with the real templates deployed to it.
//!
//! [`Server`] is the emulator's process (MiniStack and what `xtask/emulator` adds), `deploy` brings the templates and
//! functions into it, [`Cloud`] is what one does with it then: deliver events, play ECS's part, look at what is there.
//! What the emulator does differently from AWS is in `xtask/emulator/GAPS.md`.

mod alarms;
mod build;
mod capacity;
mod configuration;
mod deliver;
mod deploy;
mod push;
mod schedules;
mod server;
mod state;
mod unsupported;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

pub use build::architecture;
use build::build;
pub use capacity::Capacity;
pub use deliver::Delivery;
use deploy::deploy;
pub use deploy::stack;
pub use push::Image;
pub use schedules::Schedule;
pub use server::Server;
pub use state::{Message, Running};
pub use unsupported::remove_unsupported;

use crate::client::{Address, Client};
use crate::folders;
use crate::screen::phase;
use crate::tools::Tools;

/// A cloud with the system deployed.
#[derive(Debug)]
pub struct Cloud {
    /// Calls AWS.
    pub client: Client,
    /// Where it is.
    pub address: Address,
    /// Its process, when it ends with this one.
    _server: Option<Server>,
}

impl Cloud {
    /// Builds the functions, starts the emulator and deploys; everything ends with the value.
    ///
    /// # Errors
    /// When any of it fails; nothing is left running then.
    pub fn start(tools: &Tools) -> Result<Cloud> {
        Cloud::bring_up(tools, server::Life::OurOwn)
    }

    /// The same as [`Cloud::start`], left running until [`Cloud::stop`].
    ///
    /// # Errors
    /// When it already runs, or any of it fails; nothing is left running then.
    pub fn start_to_stay(tools: &Tools) -> Result<Cloud> {
        if let Ok(there) = Cloud::attach(tools) {
            bail!("The local cloud is already up at {}. End it with: cargo xtask local down", there.address.endpoint);
        }
        let forget = |_: &anyhow::Error| drop(fs::remove_file(state_file()));
        let mut cloud = Cloud::bring_up(tools, server::Life::Stays).inspect_err(forget)?;
        if let Some(server) = cloud._server.take() {
            server.leave();
        }
        Ok(cloud)
    }

    /// Starts the emulator alone; it ends with the value.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_empty(tools: &Tools) -> Result<Cloud> {
        let server = Server::start(tools, server::Life::OurOwn)?;
        let client = Client::start(tools, &server.address)?;
        Ok(Cloud { client, address: server.address.clone(), _server: Some(server) })
    }

    fn bring_up(tools: &Tools, life: server::Life) -> Result<Cloud> {
        let server = phase("Starting the emulated AWS", |_| Server::start(tools, life))?;
        if matches!(life, server::Life::Stays) {
            // Before the minutes of building: after Ctrl-C, `local down` still ends the emulator.
            let _ = fs::remove_file(state_file());
            symlink(server.note()?, state_file()).context("note where the cloud is")?;
        }
        let client = Client::start(tools, &server.address)?;
        let template = build(tools, server.home())?;
        deploy(tools, &client, &server.address, &template)?;
        Ok(Cloud { client, address: server.address.clone(), _server: Some(server) })
    }

    /// The cloud that was left running.
    ///
    /// # Errors
    /// When there is none.
    pub fn attach(tools: &Tools) -> Result<Cloud> {
        const DOWN: &str = "No local cloud is up. Start one with: cargo xtask local up";
        let state = fs::read_to_string(state_file()).context(DOWN)?;
        let address: Address = serde_json::from_str(&state).context(DOWN)?;
        let client = Client::start(tools, &address)?;
        client.call("local", "calls/count", json!({})).context(DOWN)?;
        Ok(Cloud { client, address, _server: None })
    }

    /// Ends a cloud that was left running.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn stop(self) -> Result<()> {
        self.client.call("local", "stop", json!({})).context("stop the emulator")?;
        fs::remove_file(state_file()).context("forget where the cloud was")?;
        Ok(())
    }

    /// Lets ECS answer the functions, after each write, as if it had not happened: for so many `calls` or `seconds`. With
    /// neither, what was written is seen at once, as it is when a cloud starts.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn set_stale(&self, span: &Value) -> Result<()> {
        self.client.call("local", "stale", span.clone())?;
        Ok(())
    }

    /// Plays ECS's part by one transition of every service and task; the events that ECS emits for it.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn advance_ecs(&self) -> Result<Vec<Value>> {
        let answer = self.client.call("local", "advance", json!({}))?;
        Ok(answer["events"].as_array().cloned().unwrap_or_default())
    }
}

/// Names the file in the folder of the cloud that was left running.
fn state_file() -> PathBuf {
    folders::local().join("cloud.json")
}
