/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "where.h"

#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "prose.h"
#include "terminal.h"
#include "where_value.h"

#define MAX_DEPTH 64 /* of parentheses and nots */

enum node_kind { NODE_COMPARISON, NODE_AND, NODE_OR, NODE_NOT };

struct where {
    enum node_kind kind;
    struct where *left, *right; /* right: and, or */
    struct where_comparison comparison;
};

/* ---- words ----------------------------------------------------------------------------------- */

enum token { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_SYMBOL, TOKEN_BAD };

struct parser {
    const char *text, *at; /* at: after the current token */
    enum token token;
    const char *begin; /* of the current token */
    GString *word;     /* what it says, without quotes */
    char *error;
    unsigned depth;
};

static bool is_word_char(char c)
{
    return c && !g_ascii_isspace(c) && !strchr("()!=<>~&|\"'", c);
}

static enum token read_quoted(struct parser *parser, char quote)
{
    const char *from = parser->at + 1, *to = strchr(from, quote);
    if (!to)
        return TOKEN_BAD;
    g_string_append_len(parser->word, from, to - from);
    parser->at = to + 1;
    return TOKEN_TEXT;
}

static enum token read_symbol(struct parser *parser)
{
    static const char *const symbols[] = {"==", "!=", "<=", ">=", "&&", "||",
                                          "<",  ">",  "~",  "!",  "(",  ")"};
    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (g_str_has_prefix(parser->at, symbols[i])) {
            g_string_append(parser->word, symbols[i]);
            parser->at += strlen(symbols[i]);
            return TOKEN_SYMBOL;
        }
    }
    return TOKEN_BAD;
}

static void advance(struct parser *parser)
{
    while (g_ascii_isspace(*parser->at))
        parser->at++;
    parser->begin = parser->at;
    g_string_truncate(parser->word, 0);
    if (!*parser->at) {
        parser->token = TOKEN_END;
    } else if (*parser->at == '"' || *parser->at == '\'') {
        parser->token = read_quoted(parser, *parser->at);
    } else if (is_word_char(*parser->at)) {
        while (is_word_char(*parser->at))
            g_string_append_c(parser->word, *parser->at++);
        parser->token = TOKEN_WORD;
    } else {
        parser->token = read_symbol(parser);
    }
}

static bool is_symbol(const struct parser *parser, const char *symbol)
{
    return parser->token == TOKEN_SYMBOL && strcmp(parser->word->str, symbol) == 0;
}

static bool is_word(const struct parser *parser, const char *word)
{
    return parser->token == TOKEN_WORD && strcmp(parser->word->str, word) == 0;
}

static struct where *fail(struct parser *parser, const char *wanted)
{
    if (!parser->error)
        parser->error = *parser->begin
                            ? g_strdup_printf("%s expected at '%s'", wanted, parser->begin)
                            : g_strdup_printf("%s expected at the end", wanted);
    return NULL;
}

/* ---- grammar: see where.h -------------------------------------------------------------------- */

static struct where *parse_or(struct parser *parser);

static struct where *new_node(enum node_kind kind, struct where *left, struct where *right)
{
    struct where *node = g_new0(struct where, 1);
    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

static bool read_operator(const struct parser *parser, enum where_operator *op)
{
    static const struct {
        const char *symbol;
        enum where_operator op;
    } operators[] = {
        {"==", WHERE_EQUAL},      {"!=", WHERE_NOT_EQUAL}, {"<", WHERE_LESS},
        {"<=", WHERE_LESS_EQUAL}, {">", WHERE_GREATER},    {">=", WHERE_GREATER_EQUAL},
        {"~", WHERE_CONTAINS},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (is_symbol(parser, operators[i].symbol)) {
            *op = operators[i].op;
            return true;
        }
    }
    return false;
}

static struct where *parse_comparison(struct parser *parser)
{
    if (parser->token != TOKEN_WORD)
        return fail(parser, "a field");
    struct where *node = new_node(NODE_COMPARISON, NULL, NULL);
    struct where_comparison *comparison = &node->comparison;
    bool fine = where_find_field(comparison, parser->word->str, &parser->error);
    advance(parser);
    enum where_operator op = WHERE_KNOWN;
    if (fine && parser->token == TOKEN_BAD && *parser->begin == '=') {
        fail(parser, "'=='");
        fine = false;
    }
    if (fine && read_operator(parser, &op)) {
        advance(parser);
        fine = parser->token == TOKEN_WORD || parser->token == TOKEN_TEXT;
        if (fine)
            fine = where_set_value(comparison, op, parser->word->str, &parser->error);
        else
            fail(parser, parser->token == TOKEN_BAD && strchr("\"'", *parser->begin)
                             ? "the other quote"
                             : "a value");
        advance(parser);
    }
    if (fine)
        return node;
    where_free(node);
    return NULL;
}

static struct where *parse_not(struct parser *parser)
{
    if (++parser->depth > MAX_DEPTH)
        return fail(parser, "fewer parentheses");
    struct where *node = NULL;
    if (is_word(parser, "not") || is_symbol(parser, "!")) {
        advance(parser);
        struct where *inner = parse_not(parser);
        node = inner ? new_node(NODE_NOT, inner, NULL) : NULL;
    } else if (is_symbol(parser, "(")) {
        advance(parser);
        node = parse_or(parser);
        if (node && !is_symbol(parser, ")")) {
            where_free(node);
            node = fail(parser, "')'");
        }
        advance(parser);
    } else {
        node = parse_comparison(parser);
    }
    parser->depth--;
    return node;
}

/* Operands of one kind of operator, word or symbol, grouped from the left. */
static struct where *parse_chain(struct parser *parser, enum node_kind kind, const char *word,
                                 const char *symbol, struct where *(*operand)(struct parser *))
{
    struct where *left = operand(parser);
    while (left && (is_word(parser, word) || is_symbol(parser, symbol))) {
        advance(parser);
        struct where *right = operand(parser);
        if (!right) {
            where_free(left);
            return NULL;
        }
        left = new_node(kind, left, right);
    }
    return left;
}

static struct where *parse_and(struct parser *parser)
{
    return parse_chain(parser, NODE_AND, "and", "&&", parse_not);
}

static struct where *parse_or(struct parser *parser)
{
    return parse_chain(parser, NODE_OR, "or", "||", parse_and);
}

struct where *where_parse(const char *text, char **error)
{
    struct parser parser = {.text = text, .at = text, .word = g_string_new(NULL)};
    advance(&parser);
    struct where *where = parse_or(&parser);
    if (where && parser.token != TOKEN_END) {
        where_free(where);
        where = fail(&parser, "'and', 'or' or the end");
    }
    g_string_free(parser.word, TRUE);
    *error = parser.error;
    return where;
}

void where_free(struct where *where)
{
    /* Chains lean to the left: only that side may be long. */
    while (where) {
        struct where *left = where->left;
        if (where->right)
            where_free(where->right);
        g_free(where->comparison.text);
        g_free(where);
        where = left;
    }
}

bool where_matches(const struct where *where, const struct lifeline_connection *connection)
{
    switch (where->kind) {
    case NODE_AND:
        return where_matches(where->left, connection) && where_matches(where->right, connection);
    case NODE_OR:
        return where_matches(where->left, connection) || where_matches(where->right, connection);
    case NODE_NOT:
        return !where_matches(where->left, connection);
    default:
        return where_compare(&where->comparison, connection);
    }
}

/* ---- help ------------------------------------------------------------------------------------ */

#define HELP_COLUMN 37

static void print_field(const char *prefix, const struct lifeline_field *field)
{
    char path[80];
    snprintf(path, sizeof path, "%s%s", prefix, field->path);
    char *words = where_list_words(field);
    char *help = g_strconcat(field->help, *words ? ": " : "", words, NULL);
    GString *line = g_string_new(NULL);
    g_string_printf(line, "  %-*s", HELP_COLUMN - 2, path);
    prose_append(line, help, HELP_COLUMN, HELP_COLUMN, terminal_columns());
    puts(line->str);
    g_string_free(line, TRUE);
    g_free(help);
    g_free(words);
}

void where_print_fields(void)
{
    puts("Fields for --where; operators ==, !=, <, <=, >, >=, ~ (contains), and, or, not, ().\n"
         "Times are 2026-11-22T10:00:00Z, durations seconds, addresses also networks such as\n"
         "10.0.0.0/8; null is what isn't known; what has spaces in it stands in quotes.\n");
    const struct lifeline_field *field = lifeline_fields(LIFELINE_RECORD_CONNECTION);
    for (; field->path; field++) {
        if (strcmp(field->path, "time_wait") != 0) {
            print_field("", field);
            continue;
        }
        const struct lifeline_field *inner = lifeline_fields(LIFELINE_RECORD_TIME_WAIT);
        for (; inner->path; inner++)
            print_field("time_wait.", inner);
    }
}
