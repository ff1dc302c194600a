/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin's fields: made from the library's schema, so that a filter, a JSON key and a CSV
 * column have one name and one meaning.
 *
 * Model: "lifeline." + the schema's path, with what is in the tables below: exchanges are under
 * "lifeline.http.", TIME-WAITs under "lifeline.time_wait.", findings under "lifeline.finding."; the
 * unit "_seconds" is dropped (Wireshark's relative times have it in their type). A connection's
 * client.state is its state at the end; the filter that users expect under that name is the state
 * after each frame, so the event's client_state takes it and the other is client.end_state.
 *
 * Limits: a CUSTOM field needs a row in custom.c, else it isn't shown.
 */
#include "fields.h"

#include <string.h>

#include "custom.h"

int hf_own[OWN_COUNT];
gint ett_lifeline = -1, ett_group[GROUP_COUNT];

/* Paths that don't become field names as they are; a NULL name leaves the field out. */
static const struct {
    uint8_t kind;
    const char *path, *name;
} renamed[] = {
    {LIFELINE_RECORD_CONNECTION, "client.state", "lifeline.client.end_state"},
    {LIFELINE_RECORD_CONNECTION, "server.state", "lifeline.server.end_state"},
    /* These stand with the event. */
    {LIFELINE_RECORD_CONNECTION, "connection", NULL},
    {LIFELINE_RECORD_CONNECTION, "incarnation", NULL},
    {LIFELINE_RECORD_EVENT, "client_state", "lifeline.client.state"},
    {LIFELINE_RECORD_EVENT, "server_state", "lifeline.server.state"},
    /* One item per mark. */
    {LIFELINE_RECORD_EVENT, "marks", "lifeline.mark"},
    /* Wireshark has these as frame.number and frame.time. */
    {LIFELINE_RECORD_EVENT, "frame", NULL},
    {LIFELINE_RECORD_EVENT, "time", NULL},
    /* lifeline.time_wait.holder comes with the TIME-WAIT's own fields. */
    {LIFELINE_RECORD_EVENT, "time_wait_holder", NULL},
    {LIFELINE_RECORD_EXCHANGE, "connection", NULL},
    {LIFELINE_RECORD_EXCHANGE, "incarnation", NULL},
    {LIFELINE_RECORD_EXCHANGE, "index", "lifeline.http.exchange"},
    {LIFELINE_RECORD_TIME_WAIT, "endpoint", "lifeline.time_wait.holder"},
    /* The time left at the end of the capture; a frame shows what is left at its own time. */
    {LIFELINE_RECORD_TIME_WAIT, "remaining_seconds", NULL},
    {LIFELINE_RECORD_FINDING, "name", NULL},
};

/* Titles of records of their own that would mean two things in one tree. */
static const struct {
    const char *filter_name, *title;
} retitled[] = {
    {"lifeline.client.end_state", "Client state at the end"},
    {"lifeline.server.end_state", "Server state at the end"},
};

static const struct {
    const char *prefix;
    uint8_t group;
} kinds[LIFELINE_RECORD_COUNT] = {
    [LIFELINE_RECORD_CONNECTION] = {"lifeline.", GROUP_CONNECTION},
    [LIFELINE_RECORD_EVENT] = {"lifeline.", GROUP_SEGMENT},
    [LIFELINE_RECORD_EXCHANGE] = {"lifeline.http.", GROUP_HTTP},
    [LIFELINE_RECORD_FINDING] = {"lifeline.finding.", GROUP_FINDING},
    [LIFELINE_RECORD_TIME_WAIT] = {"lifeline.time_wait.", GROUP_TIME_WAIT},
};

static const struct {
    const char *prefix;
    uint8_t group;
} prefix_groups[] = {
    {"client.", GROUP_CLIENT},
    {"server.", GROUP_SERVER},
    {"handshake.", GROUP_HANDSHAKE},
    {"teardown.", GROUP_TEARDOWN},
};

/* How a schema type is shown. CUSTOM ones say so in custom.c. */
static const struct {
    enum ftenum type;
    int display;
} types[] = {
    [LIFELINE_FIELD_U8] = {FT_UINT8, BASE_DEC},
    [LIFELINE_FIELD_U16] = {FT_UINT16, BASE_DEC},
    [LIFELINE_FIELD_U32] = {FT_UINT32, BASE_DEC},
    [LIFELINE_FIELD_U64] = {FT_UINT64, BASE_DEC},
    [LIFELINE_FIELD_FRAME] = {FT_FRAMENUM, BASE_NONE},
    [LIFELINE_FIELD_TTL] = {FT_UINT8, BASE_DEC},
    [LIFELINE_FIELD_BOOL] = {FT_BOOLEAN, BASE_NONE},
    [LIFELINE_FIELD_ENUM] = {FT_UINT8, BASE_NONE}, /* the name alone */
    [LIFELINE_FIELD_TIME] = {FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC},
    [LIFELINE_FIELD_DURATION] = {FT_RELATIVE_TIME, BASE_NONE},
    [LIFELINE_FIELD_DOUBLE] = {FT_DOUBLE, BASE_NONE},
    [LIFELINE_FIELD_STRING] = {FT_STRING, BASE_NONE},
    [LIFELINE_FIELD_ADDRESS] = {FT_STRING, BASE_NONE}, /* of both families: no type has those */
    [LIFELINE_FIELD_BITS] = {FT_STRING, BASE_NONE},
    [LIFELINE_FIELD_BIT_LIST] = {FT_STRING, BASE_NONE},
    [LIFELINE_FIELD_CUSTOM] = {FT_NONE, BASE_NONE},
};

#define LINK(kind) FRAMENUM_TYPE(FT_FRAMENUM_##kind)

static const struct {
    const char *name, *title;
    enum ftenum type;
    int display;
    const struct lifeline_name *names;
    const void *strings;
    const char *help;
} own[OWN_COUNT] = {
    [OWN_CONNECTION_GROUP] = {"lifeline.life", "Connection", FT_NONE, BASE_NONE, NULL, NULL,
                              "The whole life of the connection"},
    [OWN_CLIENT_GROUP] = {"lifeline.client", "Client", FT_NONE, BASE_NONE, NULL, NULL,
                          "The active opener"},
    [OWN_SERVER_GROUP] = {"lifeline.server", "Server", FT_NONE, BASE_NONE, NULL, NULL,
                          "The passive opener"},
    [OWN_HANDSHAKE_GROUP] = {"lifeline.handshake", "Handshake", FT_NONE, BASE_NONE, NULL, NULL,
                             "How the connection opened"},
    [OWN_TEARDOWN_GROUP] = {"lifeline.teardown", "Teardown", FT_NONE, BASE_NONE, NULL, NULL,
                            "How the connection closed"},
    [OWN_HTTP_GROUP] =
        {"lifeline.http", "HTTP exchange", FT_NONE, BASE_NONE, NULL, NULL,
         "The exchange whose bytes this frame carries; in HTTP/2, any that is under way"},
    [OWN_HANDSHAKE_STEP] = {"lifeline.handshake.step", "Handshake step", FT_UINT8, BASE_DEC, NULL,
                            NULL, "1 SYN, 2 SYN,ACK, 3 ACK (RFC 9293 3.5)"},
    [OWN_TEARDOWN_STEP] = {"lifeline.teardown.step", "Teardown step", FT_UINT8, BASE_DEC, NULL,
                           NULL,
                           "1 first FIN, 2 its ACK, 3 the other FIN, 4 its ACK (RFC 9293 3.6)"},
    [OWN_REFUTED_BY] =
        {"lifeline.refuted_by_frame", "Refuted by frame", FT_FRAMENUM, BASE_NONE, NULL, NULL,
         "Shows that this segment was lost, or, of an RST, that it was forged or not "
         "accepted: what it was thought to cause didn't happen"},
    [OWN_TRANSITION] = {"lifeline.transition", "Transition", FT_STRING, BASE_NONE, NULL, NULL,
                        "A state change that the segment causes or proves"},
    [OWN_TRANSITION_ENDPOINT] = {"lifeline.transition.endpoint", "Endpoint", FT_UINT8, BASE_NONE,
                                 lifeline_role_names, NULL, "Whose state changes"},
    [OWN_TRANSITION_EVIDENCE] = {"lifeline.transition.evidence", "Evidence", FT_UINT8, BASE_NONE,
                                 lifeline_evidence_names, NULL, "Why the change is claimed"},
    [OWN_TRANSITION_SECTION] = {"lifeline.transition.section", "Section", FT_STRING, BASE_NONE,
                                NULL, NULL, "Where the standard says so"},
    [OWN_TRANSITION_REASON] = {"lifeline.transition.reason", "Reason", FT_STRING, BASE_NONE, NULL,
                               NULL, "What the change means"},
    [OWN_SYN_FRAME] = {"lifeline.handshake.syn_frame", "SYN in frame", FT_FRAMENUM, BASE_NONE, NULL,
                       LINK(REQUEST), "Handshake step 1"},
    [OWN_SYNACK_FRAME] = {"lifeline.handshake.synack_frame", "SYN,ACK in frame", FT_FRAMENUM,
                          BASE_NONE, NULL, LINK(RESPONSE), "Handshake step 2"},
    [OWN_ACK_FRAME] = {"lifeline.handshake.ack_frame", "ACK in frame", FT_FRAMENUM, BASE_NONE, NULL,
                       LINK(ACK), "Handshake step 3"},
    [OWN_FIN1_FRAME] = {"lifeline.teardown.fin1_frame", "First FIN in frame", FT_FRAMENUM,
                        BASE_NONE, NULL, NULL, "Teardown step 1"},
    [OWN_ACK1_FRAME] = {"lifeline.teardown.ack1_frame", "First FIN acknowledged in frame",
                        FT_FRAMENUM, BASE_NONE, NULL, LINK(ACK), "Teardown step 2"},
    [OWN_FIN2_FRAME] = {"lifeline.teardown.fin2_frame", "Other FIN in frame", FT_FRAMENUM,
                        BASE_NONE, NULL, NULL, "Teardown step 3"},
    [OWN_ACK2_FRAME] = {"lifeline.teardown.ack2_frame", "Other FIN acknowledged in frame",
                        FT_FRAMENUM, BASE_NONE, NULL, LINK(ACK), "Teardown step 4"},
    [OWN_TIME_WAIT] = {"lifeline.time_wait", "TIME-WAIT", FT_BOOLEAN, BASE_NONE, NULL, NULL,
                       "An endpoint is in TIME-WAIT after this frame (RFC 9293 3.6.1)"},
    [OWN_TIME_WAIT_ELAPSED] = {"lifeline.time_wait.elapsed", "Elapsed", FT_RELATIVE_TIME, BASE_NONE,
                               NULL, NULL, "Since TIME-WAIT was entered"},
    [OWN_TIME_WAIT_REMAINING] = {"lifeline.time_wait.remaining", "Remaining", FT_RELATIVE_TIME,
                                 BASE_NONE, NULL, NULL,
                                 "Until it would expire, seen from this frame"},
    [OWN_FINDING] = {"lifeline.finding", "Finding", FT_STRING, BASE_NONE, NULL, NULL,
                     "A finding that this frame proves"},
    [OWN_FINDING_FRAME] = {"lifeline.finding.frame", "Proved by frame", FT_FRAMENUM, BASE_NONE,
                           NULL, NULL, "The frames that prove it"},
};

static struct plugin_field *of_group[GROUP_COUNT];
static GArray *registrations; /* of hf_register_info; lives as long as the program */

const struct plugin_field *fields_of(enum field_group group)
{
    return of_group[group];
}

/* A value_string for a table of names; made once per table. */
static const value_string *value_strings(const struct lifeline_name *names)
{
    static GHashTable *made;
    GArray *strings;

    if (made == NULL)
        made = g_hash_table_new(NULL, NULL);
    strings = (GArray *)g_hash_table_lookup(made, names);
    if (strings == NULL) {
        strings = g_array_new(TRUE, TRUE, sizeof(value_string));
        for (; names[0].name != NULL; names++) {
            value_string row = {names->value, names->name};
            g_array_append_val(strings, row);
        }
        g_hash_table_insert(made, (gpointer)(names - strings->len), strings);
    }
    return (const value_string *)(const void *)strings->data;
}

static void add_registration(int *hf, const char *name, const char *title, enum ftenum type,
                             int display, const void *strings, const char *help)
{
    hf_register_info info = {hf, {title, name, type, display, strings, 0, help, HFILL}};

    *hf = -1;
    g_array_append_val(registrations, info);
}

/* The field's filter name, or NULL when it is left out. */
static const char *filter_name(enum lifeline_record_kind kind, const char *path)
{
    char *name;

    for (size_t i = 0; i < G_N_ELEMENTS(renamed); i++) {
        if (renamed[i].kind == kind && strcmp(renamed[i].path, path) == 0)
            return renamed[i].name;
    }
    name = wmem_strdup_printf(wmem_epan_scope(), "%s%s", kinds[kind].prefix, path);
    if (g_str_has_suffix(name, "_seconds"))
        name[strlen(name) - strlen("_seconds")] = '\0';
    return name;
}

static const char *title_of(const char *filter_name, const struct lifeline_field *schema)
{
    for (size_t i = 0; i < G_N_ELEMENTS(retitled); i++) {
        if (strcmp(retitled[i].filter_name, filter_name) == 0)
            return retitled[i].title;
    }
    return schema->title;
}

static uint8_t group_of(enum lifeline_record_kind kind, const char *path)
{
    if (kind == LIFELINE_RECORD_CONNECTION) {
        for (size_t i = 0; i < G_N_ELEMENTS(prefix_groups); i++) {
            if (g_str_has_prefix(path, prefix_groups[i].prefix))
                return prefix_groups[i].group;
        }
    }
    return kinds[kind].group;
}

/* The schema's text, in which what JSON has as null is an item that isn't there. */
static const char *help_of(const struct lifeline_field *schema)
{
    static const char null[] = "; null ";
    const char *help = schema->help, *at = strstr(help, null);

    if (at != NULL)
        help = wmem_strdup_printf(wmem_epan_scope(), "%.*s; absent %s", (int)(at - help), help,
                                  at + strlen(null));
    if (schema->reference == NULL)
        return help;
    return wmem_strdup_printf(wmem_epan_scope(), "%s (%s)", help, schema->reference);
}

/* False when the schema's field has none here. */
static bool add_field(enum lifeline_record_kind kind, const struct lifeline_field *schema,
                      struct plugin_field *field)
{
    const char *name = filter_name(kind, schema->path);
    const struct custom_field *custom = NULL;
    enum ftenum type = types[schema->type].type;
    int display = types[schema->type].display;
    const void *strings = NULL;

    if (schema->type == LIFELINE_FIELD_CUSTOM) {
        custom = custom_field(kind, schema->path);
        if (custom == NULL)
            return false;
        type = custom->type;
        display = custom->display;
        field->custom = custom->add;
    }
    if (name == NULL)
        return false;
    if (schema->type == LIFELINE_FIELD_ENUM)
        strings = value_strings(schema->names);
    field->schema = schema;
    add_registration(&field->hf, name, title_of(name, schema), type, display, strings,
                     help_of(schema));
    return true;
}

static void add_schema(enum lifeline_record_kind kind)
{
    const struct lifeline_field *schema = lifeline_fields(kind);
    struct plugin_field *next[GROUP_COUNT] = {NULL};
    size_t count = 0;

    while (schema[count].path != NULL)
        count++;
    for (const struct lifeline_field *row = schema; row->path != NULL; row++) {
        uint8_t group = group_of(kind, row->path);

        if (of_group[group] == NULL)
            of_group[group] = next[group] = g_new0(struct plugin_field, count + 1);
        if (add_field(kind, row, next[group]))
            next[group]++;
    }
}

static void add_own(void)
{
    for (int i = 0; i < OWN_COUNT; i++) {
        const void *strings = own[i].names ? value_strings(own[i].names) : own[i].strings;

        add_registration(&hf_own[i], own[i].name, own[i].title, own[i].type, own[i].display,
                         strings, own[i].help);
    }
}

/* A finding may be milder than its kind, and an expert info has one severity: so there is one for
 * each, "lifeline.finding.close-wait-stuck" and, if milder,
 * "lifeline.finding.close-wait-stuck.note".
 */
#define SEVERITIES (LIFELINE_ERROR + 1)
static expert_field *ei_kinds; /* [kind][severity] */
static GHashTable *kind_index; /* name -> its index + 1 */

static void register_expert(void)
{
    static const int severities[SEVERITIES] = {PI_NOTE, PI_WARN, PI_ERROR};
    ei_register_info *rows;
    unsigned count = 0, used = 0;

    while (lifeline_finding_kind(count) != NULL)
        count++;
    rows = g_new0(ei_register_info, count * SEVERITIES);
    ei_kinds = g_new(expert_field, count * SEVERITIES);
    kind_index = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < count; i++) {
        const struct lifeline_finding_kind *kind = lifeline_finding_kind(i);

        g_hash_table_insert(kind_index, (gpointer)kind->name, GUINT_TO_POINTER(i + 1));
        for (unsigned severity = 0; severity <= kind->severity; severity++) {
            ei_register_info *row = &rows[used++];
            bool worst = severity == kind->severity;

            row->ids = &ei_kinds[i * SEVERITIES + severity];
            *row->ids = (expert_field)EI_INIT;
            row->eiinfo.name = wmem_strdup_printf(
                wmem_epan_scope(), "lifeline.finding.%s%s%s", kind->name, worst ? "" : ".",
                worst ? "" : lifeline_name_of(lifeline_severity_names, severity));
            row->eiinfo.group = PI_SEQUENCE;
            row->eiinfo.severity = severities[severity];
            row->eiinfo.summary = kind->title;
        }
    }
    expert_register_field_array(expert_register_protocol(proto_lifeline), rows, (int)used);
}

expert_field *fields_expert(const struct lifeline_finding *finding)
{
    unsigned index = GPOINTER_TO_UINT(g_hash_table_lookup(kind_index, finding->name));
    const struct lifeline_finding_kind *kind = index ? lifeline_finding_kind(index - 1) : NULL;

    if (kind == NULL)
        return NULL;
    return &ei_kinds[(index - 1) * SEVERITIES + MIN(finding->severity, kind->severity)];
}

void fields_register(void)
{
    gint *ett[GROUP_COUNT + 1];

    registrations = g_array_new(FALSE, FALSE, sizeof(hf_register_info));
    for (int kind = 0; kind < LIFELINE_RECORD_COUNT; kind++) {
        if (kinds[kind].prefix != NULL)
            add_schema((enum lifeline_record_kind)kind);
    }
    add_own();
    proto_register_field_array(proto_lifeline, (hf_register_info *)(void *)registrations->data,
                               (int)registrations->len);

    ett[GROUP_COUNT] = &ett_lifeline;
    for (int i = 0; i < GROUP_COUNT; i++) {
        ett_group[i] = -1;
        ett[i] = &ett_group[i];
    }
    proto_register_subtree_array(ett, GROUP_COUNT + 1);
    register_expert();
}
