%% SPDX-License-Identifier: PostgreSQL
%%
%% Erlang's p1_pgsql, one process for each connection.  See
%% t/lib/PgJump/Client.pm.
-mode(compile).

main(["present"]) ->
    halt(case code:which(pgsql) of non_existing -> 1; _ -> 0 end);
main([]) ->
    [{ok, _} = application:ensure_all_started(Application)
     || Application <- [ssl, stringprep, p1_pgsql]],
    logger:set_primary_config(level, none),
    %% What the driver prints is no answer.
    group_leader(whereis(standard_error), self()),
    loop(none).

loop(Connection) ->
    case io:get_line(user, "") of
        eof -> halt(0);
        Line -> loop(obey(words(Line), Connection))
    end.

words(Line) ->
    string:split(string:chomp(Line), "\t", all).

obey(["query", Sql], Connection) ->
    answer(query(Connection, Sql)),
    Connection;
obey(["close"], Connection) ->
    leave(Connection),
    answer({ok, ""}),
    none;
obey(["connect" | With], Connection) ->
    leave(Connection),
    case enter(With) of
        {ok, Entered} ->
            answer({ok, ""}),
            Entered;
        Error ->
            answer(Error),
            none
    end.

enter([_, _, _, _, _, "prefer", _]) ->
    {error, "unsupported sslmode"};
enter([Host, Port, User, Password, Database, Mode, Root]) ->
    pgsql:connect([{host, Host}, {port, list_to_integer(Port)}, {user, User},
        {password, Password}, {database, Database} | tls(Mode, Host, Root)]).

tls("disable", _, _) ->
    [];
tls(_, _, "") ->
    [{transport, ssl}, {verify, verify_none}];
tls(_, Host, Root) ->
    [{transport, ssl}, {verify, verify_peer}, {cacertfile, Root},
     {server_name_indication, Host}].

leave(none) ->
    ok;
leave(Connection) ->
    catch pgsql:terminate(Connection).

query(Connection, Sql) ->
    try pgsql:squery(Connection, Sql) of
        {ok, Results} -> first(lists:last(Results))
    catch
        exit:{Reason, _} -> {error, reason(Reason)}
    end.

%% A lost connection ends its process, so that nobody answers.  It is a matter
%% of moments which of these its user sees.
reason(noproc) -> tcp_close;
reason({{badmatch, {error, closed}}, _}) -> tcp_close;
reason(Other) -> Other.

first({error, _} = Error) -> Error;
first({_, _, [[null | _] | _]}) -> {ok, ""};
first({_, _, [[Value | _] | _]}) -> {ok, Value};
first(_) -> {ok, ""}.

answer({ok, Value}) ->
    say(["ok", Value]);
answer({error, Reason}) ->
    Fields = fields(Reason),
    say(["error", proplists:get_value(code, Fields, ""),
         text(Reason, Fields)]).

%% The fields of the ErrorResponse, where it was one.
fields({authentication, Fields}) -> fields(Fields);
fields({error_response, Fields}) -> fields(Fields);
fields([{_, _} | _] = Fields) -> Fields;
fields(_) -> [].

text(Reason, []) ->
    io_lib:format("~0tp", [Reason]);
text(_, Fields) ->
    lists:join("\n", [[atom_to_list(Key), ": ", Value] || {Key, Value}
        <- Fields, lists:member(Key, [message, detail, hint])]).

say(Words) ->
    io:put_chars(user, [lists:join("\t", [escaped(Word) || Word <- Words]),
                        "\n"]).

escaped(Word) ->
    lists:flatmap(fun($\\) -> "\\\\";
                     ($\n) -> "\\n";
                     ($\t) -> "\\t";
                     (Other) -> [Other]
                  end, lists:flatten(Word)).
