//! Shows the habit report: figures of everybody and every program, the leader board, who has lapsed.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::board::{Share, Standings, attained};
use super::{Attainment, Kept};
use crate::clock::Timestamp;
use crate::features::programs::program::{self, Program, ProgramId};
use crate::features::reports::period::Period;
use crate::id::UserId;

/// How the habit was kept.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitFigures {
    /// Quotas, a day's or a week's, whose time is over or that are attained.
    #[schema(minimum = 0)]
    pub quotas: i64,
    #[schema(minimum = 0)]
    pub attained: i64,
    /// Attained ÷ quotas, 0 to 1; null without any.
    #[schema(minimum = 0, maximum = 1)]
    pub attained_share: Option<f64>,
    /// Calls placed in the programs.
    #[schema(minimum = 0)]
    pub calls: i64,
    /// Conversations reached in them, by a call or otherwise.
    #[schema(minimum = 0)]
    pub conversations: i64,
    /// Of an executive: due days that were kept.
    #[schema(minimum = 0)]
    pub kept_days: Option<i64>,
    /// Of an executive: due days that were missed.
    #[schema(minimum = 0)]
    pub missed_days: Option<i64>,
    /// Of an executive: due days kept in a row at the end of the period.
    #[schema(minimum = 0)]
    pub current_streak: Option<i64>,
    /// Of an executive: the most due days kept in a row within the period.
    #[schema(minimum = 0)]
    pub longest_streak: Option<i64>,
    /// Of an executive: due days that are over since their last call.
    #[schema(minimum = 0)]
    pub idle_days: Option<i64>,
}

/// How one executive or program kept the habit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitLine {
    #[schema(value_type = crate::id::AnyId)]
    pub id: Uuid,
    #[schema(max_length = 300)]
    pub name: String,
    #[serde(flatten)]
    pub figures: HabitFigures,
}

/// An executive's place on the leader board.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitPlace {
    /// Those who are equal in quotas attained, streak and conversations share a place.
    #[schema(minimum = 1)]
    pub place: i64,
    pub user_id: UserId,
    #[schema(max_length = 300)]
    pub name: String,
    #[schema(minimum = 0, maximum = 1)]
    pub attained_share: Option<f64>,
    #[schema(minimum = 0)]
    pub current_streak: i64,
    #[schema(minimum = 0)]
    pub conversations: i64,
}

/// An executive's quota in one program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitQuota {
    pub user_id: UserId,
    #[schema(max_length = 300)]
    pub user_name: String,
    pub program_id: ProgramId,
    #[schema(max_length = 200)]
    pub program_name: String,
    pub period: program::Period,
    #[schema(minimum = 0)]
    pub calls_to_prepare: i64,
    #[schema(minimum = 0)]
    pub conversations_to_reach: i64,
    #[schema(minimum = 0)]
    pub quotas: i64,
    #[schema(minimum = 0)]
    pub attained: i64,
    #[schema(minimum = 0)]
    pub calls: i64,
    #[schema(minimum = 0)]
    pub conversations: i64,
    /// Each day or week, where one executive is asked for.
    #[schema(max_items = 366)]
    pub periods: Vec<HabitPeriod>,
}

crate::words! {
    /// How a quota stands.
    pub enum Attained {
        /// So many conversations were reached, or all calls were placed.
        Kept = "kept",
        /// Its time is not over.
        Open = "open",
        Missed = "missed",
    }
}

/// A quota in one day or week.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitPeriod {
    /// Its first due day within the report.
    pub from: NaiveDate,
    /// Its last due day within the report.
    pub to: NaiveDate,
    /// Customers to call, as far as the program had grown and the week had days.
    #[schema(minimum = 0)]
    pub calls_to_prepare: i64,
    #[schema(minimum = 0)]
    pub conversations_to_reach: i64,
    /// Different customers called.
    #[schema(minimum = 0)]
    pub customers_called: i64,
    /// Different customers spoken with.
    #[schema(minimum = 0)]
    pub customers_reached: i64,
    pub status: Attained,
}

/// Somebody who has not called for a while.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Lapsed {
    pub user_id: UserId,
    #[schema(max_length = 300)]
    pub name: String,
    /// Due days that are over since their last call.
    #[schema(minimum = 1)]
    pub idle_days: i64,
    /// Null when they have never called.
    pub last_call_at: Option<Timestamp>,
}

/// Who kept the habit, and who lapsed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HabitReport {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The organization's zone, for which `from` and `to` are filled in. The days are those of each executive's own.
    #[schema(max_length = 64)]
    pub time_zone: String,
    #[schema(minimum = 1)]
    pub lapsed_after: i64,
    pub overall: HabitFigures,
    /// As on the leader board.
    #[schema(max_items = 1000)]
    pub by_executive: Vec<HabitLine>,
    /// By name.
    #[schema(max_items = 1000)]
    pub by_program: Vec<HabitLine>,
    /// Each executive in each program, executives as on the leader board.
    #[schema(max_items = 1000)]
    pub quotas: Vec<HabitQuota>,
    /// The largest share of quotas attained first, then the longest current streak, then the most conversations, then by name. Who had no quota yet comes last.
    #[schema(max_items = 1000)]
    pub leader_board: Vec<HabitPlace>,
    /// Who has not called for so many working days, the longest first.
    #[schema(max_items = 1000)]
    pub lapsed: Vec<Lapsed>,
}

fn figures<'a>(shares: impl Iterator<Item = &'a Share> + Clone) -> HabitFigures {
    let (kept, quotas) = attained(shares.clone().flat_map(|share| &share.attainments));
    HabitFigures {
        quotas,
        attained: kept,
        attained_share: ratio(kept, quotas),
        calls: shares.clone().map(|share| share.calls).sum(),
        conversations: shares.map(|share| share.conversations).sum(),
        kept_days: None,
        missed_days: None,
        current_streak: None,
        longest_streak: None,
        idle_days: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 quotas")]
fn ratio(of: i64, to: i64) -> Option<f64> {
    (to > 0).then(|| (of as f64 / to as f64 * 10_000.0).round() / 10_000.0)
}

fn executive(standings: &Standings) -> HabitLine {
    HabitLine {
        id: standings.person.id.into(),
        name: standings.person.name.clone(),
        figures: HabitFigures {
            kept_days: Some(standings.streaks.kept),
            missed_days: Some(standings.streaks.missed),
            current_streak: Some(standings.streaks.current),
            longest_streak: Some(standings.streaks.longest),
            idle_days: Some(standings.idle),
            ..figures(standings.shares.iter())
        },
    }
}

fn status(kept: Kept) -> Attained {
    match kept {
        Kept::Kept => Attained::Kept,
        Kept::Open => Attained::Open,
        Kept::Missed => Attained::Missed,
    }
}

fn one_period(it: &Attainment) -> HabitPeriod {
    HabitPeriod {
        from: it.from,
        to: it.to,
        calls_to_prepare: it.goal.calls,
        conversations_to_reach: it.goal.conversations,
        customers_called: it.called,
        customers_reached: it.reached,
        status: status(it.kept),
    }
}

fn quota(standings: &Standings, share: &Share, program: &Program, periods: bool) -> Option<HabitQuota> {
    let participant = program.participant(share.user)?;
    let (attained, quotas) = attained(&share.attainments);
    Some(HabitQuota {
        user_id: share.user,
        user_name: standings.person.name.clone(),
        program_id: program.id,
        program_name: program.fields.name.clone(),
        period: participant.period,
        calls_to_prepare: participant.calls_to_prepare,
        conversations_to_reach: participant.conversations_to_reach,
        quotas,
        attained,
        calls: share.calls,
        conversations: share.conversations,
        periods: share.attainments.iter().filter(|_| periods).map(one_period).collect(),
    })
}

fn leader_board(lines: &[HabitLine]) -> Vec<HabitPlace> {
    let mut board: Vec<HabitPlace> = Vec::with_capacity(lines.len());
    for (at, line) in (1..).zip(lines) {
        let mut place = HabitPlace {
            place: at,
            user_id: line.id.into(),
            name: line.name.clone(),
            attained_share: line.figures.attained_share,
            current_streak: line.figures.current_streak.unwrap_or_default(),
            conversations: line.figures.conversations,
        };
        let key = |it: &HabitPlace| (it.attained_share, it.current_streak, it.conversations);
        if let Some(before) = board.last().filter(|before| key(before) == key(&place)) {
            place.place = before.place;
        }
        board.push(place);
    }
    board
}

/// The report: `one` shows every period of each quota.
pub fn report(period: &Period, lapsed_after: i64, programs: &[Program], board: &[Standings], one: bool) -> HabitReport {
    let shares = || board.iter().flat_map(|standings| &standings.shares);
    let by_executive: Vec<HabitLine> = board.iter().map(executive).collect();
    let by_program = programs.iter().filter_map(|program| {
        let of = shares().filter(|share| share.program == program.id);
        of.clone().next()?;
        Some(HabitLine {
            id: program.id.into(),
            name: program.fields.name.clone(),
            figures: figures(of),
        })
    });
    let quotas = board.iter().flat_map(|standings| {
        let program = |share: &&Share| programs.iter().find(|program| program.id == share.program);
        let share = move |share| quota(standings, share, program(&share)?, one);
        standings.shares.iter().filter_map(share)
    });
    let mut lapsed: Vec<Lapsed> = board
        .iter()
        .filter(|standings| standings.idle >= lapsed_after)
        .map(|standings| Lapsed {
            user_id: standings.person.id,
            name: standings.person.name.clone(),
            idle_days: standings.idle,
            last_call_at: standings.last_call,
        })
        .collect();
    lapsed.sort_by_key(|it| std::cmp::Reverse(it.idle_days));
    HabitReport {
        from: period.from,
        to: period.to,
        time_zone: period.zone.to_string(),
        lapsed_after,
        overall: figures(shares()),
        by_program: by_program.collect(),
        quotas: quotas.collect(),
        leader_board: leader_board(&by_executive),
        by_executive,
        lapsed,
    }
}
