//! Who is calling, and what they may do.

mod actor;
pub mod caller;
pub mod key;
pub mod login;
pub mod password;
mod permission;
pub mod scope;
mod store;
pub mod token;

pub use actor::{Actor, ActorKind, Claim, Origin};
pub use caller::{Caller, Callers};
pub use permission::{Permission, Role};
pub use scope::Scope;
