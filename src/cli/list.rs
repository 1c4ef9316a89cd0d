//! `peerlab list`.
use super::arguments::Listed;
use super::failure::Failure;
use crate::registry::Registry;
pub fn list(_: &Registry, _: Option<Listed>) -> Result<(), Failure> {
    Ok(())
}
