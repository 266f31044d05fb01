/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion for bash: tables as functions, and one function that walks along the line. It needs
 * nothing of the package bash-completion, and uses it where it is. */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "manual/manual.h"

static const char walk[] =
    "@()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local verb= first=1 operand=0 i\n"
    "\n"
    "    COMPREPLY=()\n"
    "    if [[ -n $(@_verbs) ]]; then\n"
    "        if ((COMP_CWORD == 1)); then\n"
    "            COMPREPLY=($(compgen -W \"$(@_verbs)\" -- \"$cur\"))\n"
    "            return\n"
    "        fi\n"
    "        verb=${COMP_WORDS[1]} first=2\n"
    "    fi\n"
    "    if [[ -n $(@_second_words \"$verb\") ]]; then\n"
    "        if ((COMP_CWORD == 2)); then\n"
    "            COMPREPLY=($(compgen -W \"$(@_second_words \"$verb\")\" -- \"$cur\"))\n"
    "            return\n"
    "        fi\n"
    "        verb+=\" ${COMP_WORDS[2]}\" first=3\n"
    "    fi\n"
    "    # Where the operands begin. Bash takes --option=value apart at the equals sign.\n"
    "    for ((i = first; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        --) operand=$((i + 1)); break ;;\n"
    "        =) ((i++)) ;;\n"
    "        -*) [[ -n $(@_values \"$verb ${COMP_WORDS[i]}\") && ${COMP_WORDS[i+1]} != = ]] &&\n"
    "                ((i++)) ;;\n"
    "        *) [[ $(@_operands \"$verb\") == command ]] && { operand=$i; break; } ;;\n"
    "        esac\n"
    "    done\n"
    "    if ((operand)); then\n"
    "        [[ $(@_operands \"$verb\") == *command ]] || return\n"
    "        if declare -F _command_offset >/dev/null; then\n"
    "            _command_offset \"$operand\"\n"
    "        elif ((COMP_CWORD == operand)); then\n"
    "            mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
    "        else\n"
    "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        fi\n"
    "        return\n"
    "    fi\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    case $(@_values \"$verb $prev\") in\n"
    "    file)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "    apps) COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" apps --names 2>/dev/null)\" \\\n"
    "            -- \"$cur\")) ;;\n"
    "    any) ;;\n"
    "    ?*) COMPREPLY=($(compgen -W \"$(@_values \"$verb $prev\")\" -- \"$cur\")) ;;\n"
    "    *)\n"
    "        if [[ $cur == -* ]]; then\n"
    "            COMPREPLY=($(compgen -W \"$(@_options \"$verb\")\" -- \"$cur\"))\n"
    "        elif [[ $(@_operands \"$verb\") == command ]]; then\n"
    "            mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
    "        elif [[ $(@_operands \"$verb\") == sessions ]]; then\n"
    "            COMPREPLY=($(compgen -W \\\n"
    "                \"$(\"${COMP_WORDS[0]}\" session list --names 2>/dev/null)\" -- \"$cur\"))\n"
    "        fi ;;\n"
    "    esac\n"
    "}\n";

/* Writes text with the name of the program's function for each @. */
static void put(FILE *out, const char *text, const char *function)
{
    for (; *text; text++) {
        if (*text == '@' && (text[1] == '_' || text[1] == '('))
            fputs(function, out);
        else
            fputc(*text, out);
    }
}

static const char *verb_of(const struct gs_command *c)
{
    return c->verb ? c->verb : "";
}

static size_t first_word(const char *verb)
{
    return strcspn(verb, " ");
}

/* Verbs with the same first word stand together in the table. */
static bool begins_word(const struct gs_manual_program *p, size_t i)
{
    const char *verb = p->commands[i]->verb, *before = i ? p->commands[i - 1]->verb : "";

    return first_word(verb) != first_word(before) || strncmp(verb, before, first_word(verb)) != 0;
}

static void put_verbs(const struct gs_manual_program *p, const char *function, FILE *out)
{
    fprintf(out, "%s_verbs()\n{\n    echo \"", function);
    for (size_t i = 0; p->more_options && p->commands[i]; i++) {
        const char *verb = p->commands[i]->verb;

        if (begins_word(p, i))
            fprintf(out, "%.*s ", (int)first_word(verb), verb);
    }
    fprintf(out, "%s\"\n}\n\n", p->more_options ? p->more_options : "");
}

static void put_second_words(const struct gs_manual_program *p, const char *function, FILE *out)
{
    bool open = false;

    fprintf(out, "%s_second_words()\n{\n    case $1 in\n    '') ;;\n", function);
    for (size_t i = 0; p->commands[i]; i++) {
        const char *verb = verb_of(p->commands[i]), *second = strchr(verb, ' ');

        if (!second)
            continue;
        if (begins_word(p, i))
            fprintf(out, "    '%.*s') echo \"", (int)first_word(verb), verb);
        open = p->commands[i + 1] && !begins_word(p, i + 1);
        fprintf(out, "%s%s", second + 1, open ? " " : "\" ;;\n");
    }
    fputs("    esac\n}\n\n", out);
}

static void put_options(const struct gs_manual_program *p, const char *function, FILE *out)
{
    fprintf(out, "%s_options()\n{\n    case $1 in\n", function);
    for (size_t i = 0; p->commands[i]; i++) {
        fprintf(out, "    '%s') echo \"", verb_of(p->commands[i]));
        for (const struct gs_option *o = p->commands[i]->options; o->name; o++) {
            if (!o->hidden)
                fprintf(out, "--%s ", o->name);
        }
        fputs("--help\" ;;\n", out);
    }
    fputs("    esac\n}\n\n", out);
}

static const char *kind_of(const struct gs_option *o)
{
    if (g_strcmp0(o->values, "@file") == 0)
        return "file";
    return g_strcmp0(o->values, "@apps") == 0 ? "apps" : "any";
}

/* What kind_of says, or words; nothing for options without an argument. */
static void put_values(const struct gs_manual_program *p, const char *function, FILE *out)
{
    fprintf(out, "%s_values()\n{\n    case $1 in\n", function);
    for (size_t i = 0; p->commands[i]; i++) {
        for (const struct gs_option *o = p->commands[i]->options; o->name; o++) {
            g_autofree char *values = gs_manual_values(o);

            if (o->arg && !o->hidden)
                fprintf(out, "    '%s --%s') echo \"%s\" ;;\n", verb_of(p->commands[i]), o->name,
                        values ? values : kind_of(o));
        }
    }
    fputs("    esac\n}\n\n", out);
}

/* A program and its arguments may come at once, or after two dashes and what else there is. */
static const char *operands_of(const struct gs_command *c)
{
    if (c->runs_command)
        return c->operands_end_options ? "command" : "later-command";
    return g_strcmp0(c->operand_values, "@sessions") == 0 ? "sessions" : "none";
}

static void put_operands(const struct gs_manual_program *p, const char *function, FILE *out)
{
    fprintf(out, "%s_operands()\n{\n    case $1 in\n", function);
    for (size_t i = 0; p->commands[i]; i++)
        fprintf(out, "    '%s') echo %s ;;\n", verb_of(p->commands[i]),
                operands_of(p->commands[i]));
    fputs("    esac\n}\n\n", out);
}

void gs_manual_completion(const struct gs_manual_program *p, FILE *out)
{
    g_autofree char *function = g_strconcat("_", p->name, NULL);

    g_strdelimit(function, "-", '_');
    fprintf(out,
            "# SPDX-License-Identifier: GPL-2.0-or-later\n"
            "# Completion of %s for bash. Made by gs-manual from the program's own tables.\n\n",
            p->name);
    put_verbs(p, function, out);
    put_second_words(p, function, out);
    put_options(p, function, out);
    put_values(p, function, out);
    put_operands(p, function, out);
    put(out, walk, function);
    fprintf(out, "complete -F %s %s\n", function, p->name);
}
