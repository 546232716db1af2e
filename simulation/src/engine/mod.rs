//! Virtual time, invocations, and the calls between them and the world.
//!
//! One thread, one queue of what is due, one source of chance: the same seed gives the same run, byte for byte. An invocation is a future that
//! is polled when something arrives for it, and dropped when Lambda ends it.
//!
//! - `state`: the engine, and what each thing that is due calls; `clock`: what is due; `pending`: what has begun and not ended.
//! - `crash`: an invocation that ends where a story wants it.
//! - `invocation`, `calls`, `schedule`, `deliver`: what Lambda, the network, EventBridge Scheduler, and EventBridge with SNS do.
//! - `process`: an execution environment; `port`: its way to the world; `log`: what it logs; `heap`: what it holds.

mod calls;
mod clock;
mod crash;
mod deliver;
mod heap;
mod invocation;
mod log;
mod pending;
mod port;
mod process;
mod schedule;
mod state;

pub use crash::Crash;
pub use heap::{Counter, Heap, count_with};
pub use log::logged;
pub use process::Outcome;
pub use state::{Act, Engine};
