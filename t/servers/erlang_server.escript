%% SPDX-License-Identifier: PostgreSQL
%%
%% Erlang's ssh as a jump box, which connects in the process that reads the
%% session.  Arguments: port on 127.0.0.1, directory of the host keys, directory
%% with authorized_keys, password of every user, "permit", "deny", or
%% "restless": then keys are exchanged anew every two seconds.  What it should
%% answer meanwhile is lost, so that it does so under no load.
-module(erlang_server).
-mode(compile).
-behaviour(ssh_server_key_api).
-export([main/1, host_key/2, is_auth_key/3]).

main([Port, HostKeys, UserDir, Password, Policy]) ->
    {ok, _} = application:ensure_all_started(ssh),
    {ok, _} = ssh:daemon({127,0,0,1}, list_to_integer(Port), [
        {system_dir, HostKeys},
        {user_dir_fun, fun(_) -> UserDir end},
        {pwdfun, fun(_, Said) -> Said =:= Password end},
        {auth_methods, "publickey,password"},
        {key_cb, ?MODULE},
        {connectfun, fun(_, _, _) -> keep_exchanging(Policy, self()) end},
        {tcpip_tunnel_in, Policy =/= "deny"}
    ]),
    io:format("listening~n"),
    receive forever -> ok end.

keep_exchanging("restless", Session) ->
    timer:apply_interval(2000, ssh_connection_handler, renegotiate, [Session]);
keep_exchanging(_, _) ->
    ok.

%% Asked for at each exchange of keys, once for each type.
host_key('ssh-ed25519' = Type, Options) ->
    io:format("keys exchanged~n"),
    ssh_file:host_key(Type, Options);
host_key(Type, Options) ->
    ssh_file:host_key(Type, Options).

is_auth_key(Key, User, Options) ->
    ssh_file:is_auth_key(Key, User, Options).
