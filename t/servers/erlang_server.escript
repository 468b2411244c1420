%% SPDX-License-Identifier: PostgreSQL
%%
%% Erlang's ssh as a jump box, which connects in the process that reads the
%% session.  Arguments: port on 127.0.0.1, directory of the host keys, directory
%% with authorized_keys, password of every user, "permit" or "deny".
-mode(compile).

main([Port, HostKeys, UserDir, Password, Policy]) ->
    {ok, _} = application:ensure_all_started(ssh),
    {ok, _} = ssh:daemon({127,0,0,1}, list_to_integer(Port), [
        {system_dir, HostKeys},
        {user_dir_fun, fun(_) -> UserDir end},
        {pwdfun, fun(_, Said) -> Said =:= Password end},
        {auth_methods, "publickey,password"},
        {tcpip_tunnel_in, Policy =:= "permit"}
    ]),
    io:format("listening~n"),
    receive forever -> ok end.
