%% SPDX-License-Identifier: PostgreSQL
%%
%% Ends with 0 where Erlang's ssh is installed.
main(_) ->
    case code:lib_dir(ssh) of
        {error, _} -> halt(1);
        _ -> ok
    end.
