//! Accounts: an access key id of 12 digits is one, and sees what is its own.

use crate::support::{ROLE, Server, client, pass};

#[tokio::test]
async fn two_accounts_list_their_own() {
    let server = Server::start();
    let mut machines = Vec::new();
    for account in ["111111111111", "222222222222"] {
        let sfn = client(server.port(), account);
        let create = sfn
            .create_state_machine()
            .name("orders")
            .role_arn(ROLE)
            .definition(pass().to_string());
        let machine = create.send().await.unwrap().state_machine_arn;
        assert_eq!(
            machine,
            format!("arn:aws:states:us-east-1:{account}:stateMachine:orders")
        );
        sfn.create_activity()
            .name(format!("of-{account}"))
            .send()
            .await
            .unwrap();
        // The same name in both: these are two executions.
        let run = sfn
            .start_execution()
            .state_machine_arn(&machine)
            .name("run")
            .input(account)
            .send()
            .await
            .unwrap();
        assert_eq!(
            run.execution_arn,
            format!("arn:aws:states:us-east-1:{account}:execution:orders:run")
        );
        assert_eq!(
            server.ended(&run.execution_arn).await.output.as_deref(),
            Some(account)
        );
        machines.push(machine);
    }
    for (account, machine) in ["111111111111", "222222222222"].iter().zip(&machines) {
        let sfn = client(server.port(), account);
        let listed = sfn.list_state_machines().send().await.unwrap().state_machines;
        let arns: Vec<&String> = listed.iter().map(|machine| &machine.state_machine_arn).collect();
        assert_eq!(arns, [machine]);
        let activities = sfn.list_activities().send().await.unwrap().activities;
        assert_eq!(activities.len(), 1);
        assert_eq!(activities[0].name, format!("of-{account}"));
        let executions = sfn
            .list_executions()
            .state_machine_arn(machine)
            .send()
            .await
            .unwrap()
            .executions;
        assert_eq!(executions.len(), 1);
    }
    // Whoever has another key is in the server's own account.
    let other = client(server.port(), "AKIDEXAMPLE");
    assert_eq!(
        other
            .list_state_machines()
            .send()
            .await
            .unwrap()
            .state_machines
            .len(),
        0
    );
}
