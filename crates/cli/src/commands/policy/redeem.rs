//! `reach policy redeem`.

use reach_policy::Redeemed;
use reach_runner::{Access, PresentedPermit, Sources, State, recover, redeem_permit};

use super::call::{Asked, run};
use crate::{
    World,
    arguments::PolicyRedeem,
    report::{Failure, Report},
};

pub(super) fn redeem(world: &World, command: &PolicyRedeem) -> Result<Report, Failure> {
    let call = Asked::read(&command.request)?.call(command.arguments.as_deref(), "redeem")?;
    let sources = Sources { pack: &command.pack, signature: None, policy: &command.policy, trust: &command.trust };
    let presented =
        PresentedPermit { file: &command.permit, call: &call, run: run(&command.place)?, index: command.place.call };
    let mut state = State::open(&command.state, Access::Write)?;
    recover(world, &mut state, &command.trust)?;
    Ok(redeemed(&redeem_permit(world, &mut state, &sources, &presented)?))
}

fn redeemed(redeemed: &Redeemed) -> Report {
    Report::new("allow")
        .check("this node sealed the permit")
        .check("the pack and the policy it was given under are verified again")
        .check("the call is byte for byte the one that was decided")
        .check("it was not used before")
        .field("permit", redeemed.digest().to_string())
        .field("run", redeemed.binding().run.to_string())
        .field("call", redeemed.binding().index)
        .field("warned", redeemed.warned())
        .line(format!("allow: permit {} is used up by this call", redeemed.digest()))
}
