//! The planners together: what one of them leaves behind is what another one decides from.

mod conflicts;
mod policies;
mod simulation;
