//! The role grid, written down once.

use Permission as P;

crate::words! {
    /// What a person or a key is in the program.
    pub enum Role {
        /// IT: everything.
        Admin = "admin",
        /// The program's owner: everything but users' security, keys and organization settings.
        Manager = "manager",
        /// Calls customers: reads all, works their own assignments and what comes of them.
        Executive = "executive",
        /// Support, Sales, Product: reads customers, works their own and their department's action items.
        Contributor = "contributor",
        /// Looks at dashboards and reports.
        Viewer = "viewer",
    }
}

crate::words! {
    /// What an endpoint asks of its caller. Roles hold sets of these; an API key may hold fewer than its role.
    pub enum Permission {
        OrganizationRead = "organization:read",
        OrganizationManage = "organization:manage",
        UsersRead = "users:read",
        /// Names, titles, departments, managers.
        UsersManage = "users:manage",
        /// Roles, invitation, deactivation.
        UsersSecure = "users:secure",
        /// See and enter one's own absences.
        AbsencesEnter = "absences:enter",
        /// See and enter everybody's.
        AbsencesManage = "absences:manage",
        ApiKeysManage = "api_keys:manage",
        AuditLogRead = "audit_log:read",
        /// Where events are delivered to.
        WebhooksManage = "webhooks:manage",
        CustomersRead = "customers:read",
        /// Customers with their contacts, account managers and signals.
        CustomersManage = "customers:manage",
        ProgramsRead = "programs:read",
        ProgramsManage = "programs:manage",
        AssignmentsRead = "assignments:read",
        /// Create, bulk-assign, reassign, cancel; and work anybody's but place their calls.
        AssignmentsManage = "assignments:manage",
        /// Work one's own.
        AssignmentsWork = "assignments:work",
        AttemptsRead = "attempts:read",
        /// Place the calls of one's own assignments.
        AttemptsCreate = "attempts:create",
        /// What was written to customers after a call.
        FollowUpsRead = "follow_ups:read",
        /// Write after one's own calls.
        FollowUpsWrite = "follow_ups:write",
        NotesRead = "notes:read",
        /// Write them, and change one's own.
        NotesWrite = "notes:write",
        /// Change and delete anybody's.
        NotesManage = "notes:manage",
        NpsRead = "nps_responses:read",
        NpsWrite = "nps_responses:write",
        /// Service interests and rescue cases.
        CasesRead = "cases:read",
        /// Open them, and change those that one owns or made.
        CasesWrite = "cases:write",
        /// Change anybody's.
        CasesManage = "cases:manage",
        ActionItemsRead = "action_items:read",
        /// Work one's own and one's department's.
        ActionItemsWork = "action_items:work",
        /// Create them, and work everybody's.
        ActionItemsManage = "action_items:manage",
        /// Create them.
        ActionItemsCreate = "action_items:create",
        ReportsRead = "reports:read",
        /// Send files to be imported in the background, look at them, cancel and undo them; what they hold needs its own permission, too.
        ImportsManage = "imports:manage",
        /// What works in the background, and what was given up.
        JobsRead = "jobs:read",
        /// Cancel it, or try it again.
        JobsManage = "jobs:manage",
    }
}

impl Role {
    /// The permissions of this role.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Admin => P::ALL,
            Self::Manager => &[
                P::OrganizationRead,
                P::UsersRead,
                P::UsersManage,
                P::AbsencesEnter,
                P::AbsencesManage,
                P::AuditLogRead,
                P::CustomersRead,
                P::CustomersManage,
                P::ProgramsRead,
                P::ProgramsManage,
                P::AssignmentsRead,
                P::AssignmentsManage,
                P::AssignmentsWork,
                P::AttemptsRead,
                P::AttemptsCreate,
                P::FollowUpsRead,
                P::FollowUpsWrite,
                P::NotesRead,
                P::NotesWrite,
                P::NotesManage,
                P::NpsRead,
                P::NpsWrite,
                P::CasesRead,
                P::CasesWrite,
                P::CasesManage,
                P::ActionItemsRead,
                P::ActionItemsWork,
                P::ActionItemsManage,
                P::ActionItemsCreate,
                P::ReportsRead,
                P::ImportsManage,
                P::JobsRead,
                P::JobsManage,
            ],
            Self::Executive => &[
                P::OrganizationRead,
                P::UsersRead,
                P::AbsencesEnter,
                P::CustomersRead,
                P::ProgramsRead,
                P::AssignmentsRead,
                P::AssignmentsWork,
                P::AttemptsRead,
                P::AttemptsCreate,
                P::FollowUpsRead,
                P::FollowUpsWrite,
                P::NotesRead,
                P::NotesWrite,
                P::NpsRead,
                P::NpsWrite,
                P::CasesRead,
                P::CasesWrite,
                P::ActionItemsRead,
                P::ActionItemsWork,
                P::ActionItemsCreate,
                P::ReportsRead,
            ],
            Self::Contributor => &[
                P::OrganizationRead,
                P::UsersRead,
                P::AbsencesEnter,
                P::CustomersRead,
                P::NotesRead,
                P::ActionItemsRead,
                P::ActionItemsWork,
            ],
            Self::Viewer => &[
                P::OrganizationRead,
                P::UsersRead,
                P::CustomersRead,
                P::ProgramsRead,
                P::AssignmentsRead,
                P::AttemptsRead,
                P::NotesRead,
                P::NpsRead,
                P::CasesRead,
                P::ActionItemsRead,
                P::ReportsRead,
            ],
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}
