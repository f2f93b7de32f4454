# SPDX-License-Identifier: MIT
# Completion of sysfd-run for bash: printed by sysfd-run --completion bash.
_sysfd_run() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --) ((++i)) && break ;;
      --deadline|--kill-after|--signal|--parent-death|--limit|--memory|--pids|--cpu|--nice|--sched|--cpus|--ionice|--oom-score|--umask|--user|--group|--groups|--caps|--unshare|--reads|--writes|--executes|--connects|--binds|--scope|--env|--unset-env|--chdir|--root|--pass|--stdin|--stdout|--stderr|--listen|--lock|--lock-timeout|--json|--profile|--completion) [[ ${COMP_WORDS[++i]} = = ]] && ((++i)) ;;
      -*) ;;
      *) break ;;
    esac
  done
  if ((i < COMP_CWORD)); then
    _command_offset "$i" 2>/dev/null || mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  # Bash takes the = of --option=value for a word.
  [[ $before = = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $word = = ]] && word=
  case $before in
    --reads|--writes|--executes|--stdin|--stdout|--stderr|--lock|--json|--profile) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --chdir|--root) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
    --group|--groups) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
    --signal|--parent-death) mapfile -t COMPREPLY < <(compgen -A signal -- "$word") ;;
    --deadline|--kill-after|--limit|--memory|--pids|--cpu|--nice|--sched|--cpus|--ionice|--oom-score|--umask|--caps|--unshare|--connects|--binds|--scope|--env|--unset-env|--pass|--listen|--lock-timeout|--completion) ;;
    *)
      if [[ $word = -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--deadline --kill-after --signal --tree --no-tree --parent-death --limit --memory --pids --cpu --nice --sched --cpus --ionice --oom-score --umask --user --group --groups --caps --no-new-privs --unshare --map-root --reads --writes --executes --devices --startup-files --connects --binds --scope --env --unset-env --clear-env --chdir --root --nohup --session --pass --stdin --stdout --stderr --listen --lock --lock-shared --lock-timeout --json --profile --explain --dry-run --why --completion --help --version' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      fi
      ;;
  esac
}
complete -o filenames -F _sysfd_run sysfd-run
