/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TIME-WAIT by endpoint: Statistics > TIME-WAIT by endpoint, or tshark -q -z lifeline,time-wait.
 *
 * A row per host, its role, and the service (the server's address and port): how many TIME-WAITs it
 * held and what became of them. It answers who holds them, and towards what: a client that runs out
 * of ports does so per service.
 *
 * As in stats_tree.c, a connection's TIME-WAITs are counted anew when they change.
 */
#include "stat_table.h"

#include "tap.h"

#define MENU_TITLE "TIME-WAIT by Endpoint"
#define CLI_NAME   "lifeline,time-wait"

enum column {
    COLUMN_HOST,
    COLUMN_ROLE,
    COLUMN_SERVICE,
    COLUMN_TOTAL,
    COLUMN_RUNNING, /* outcomes, in the order of enum lifeline_time_wait_outcome */
    COLUMN_EXPIRED,
    COLUMN_REUSED,
    COLUMN_ASSASSINATED,
    COLUMN_RESTARTS,
    COLUMN_ABSORBED,
    COLUMN_COUNT
};

static stat_tap_table_item columns[COLUMN_COUNT] = {
    [COLUMN_HOST] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Host", "%-25s"},
    [COLUMN_ROLE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Role", "%-6s"},
    [COLUMN_SERVICE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Service", "%-30s"},
    [COLUMN_TOTAL] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "TIME-WAITs", "%u"},
    [COLUMN_RUNNING] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Running", "%u"},
    [COLUMN_EXPIRED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Expired", "%u"},
    [COLUMN_REUSED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Reused", "%u"},
    [COLUMN_ASSASSINATED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Assassinated", "%u"},
    [COLUMN_RESTARTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Restarts", "%u"},
    [COLUMN_ABSORBED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Old duplicates", "%u"},
};

/* What a connection was counted as. */
struct counted {
    uint8_t count;
    guint row[2];
    struct lifeline_time_wait time_wait[2];
};

/* Of the one table that Wireshark makes. */
static struct {
    GHashTable *rows;    /* "host role service" -> row + 1 */
    GHashTable *counted; /* struct life * -> struct counted * */
} tally;

static void forget(void)
{
    if (tally.rows != NULL)
        g_hash_table_destroy(tally.rows);
    if (tally.counted != NULL)
        g_hash_table_destroy(tally.counted);
    tally.rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    tally.counted = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

static void free_cell(stat_tap_table *table, guint row, guint column,
                      stat_tap_table_item_type *cell)
{
    (void)table;
    (void)row;
    if (columns[column].type != TABLE_ITEM_STRING)
        return;
    g_free((char *)cell->value.string_value);
    cell->value.string_value = NULL;
}

static void reset(stat_tap_table *table)
{
    for (guint row = 0; row < table->num_elements; row++) {
        for (guint column = 0; column < COLUMN_COUNT; column++)
            free_cell(table, row, column, stat_tap_get_field_data(table, row, column));
        g_free(table->elements[row]);
    }
    table->num_elements = 0;
    forget();
}

static void init(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, MENU_TITLE);

    if (table != NULL) {
        reset(table);
        return;
    }
    forget();
    stat_tap_add_table(ui, stat_tap_init_table(MENU_TITLE, COLUMN_COUNT, 0, NULL));
}

static guint row_of(stat_tap_table *table, const struct lifeline_connection *record,
                    uint8_t endpoint)
{
    const struct lifeline_endpoint *holder =
        endpoint == LIFELINE_SERVER ? &record->server : &record->client;
    const char *role = lifeline_name_of(lifeline_role_names, endpoint);
    stat_tap_table_item_type cells[COLUMN_COUNT] = {0};
    char host[64], service_ip[64], *service, *key;
    guint row;

    lifeline_address_text(&holder->ip, host, sizeof(host));
    lifeline_address_text(&record->server.ip, service_ip, sizeof(service_ip));
    service = g_strdup_printf(record->server.ip.family == 6 ? "[%s]:%u" : "%s:%u", service_ip,
                              record->server.port);
    key = g_strdup_printf("%s %s %s", host, role, service);
    row = GPOINTER_TO_UINT(g_hash_table_lookup(tally.rows, key));
    if (row > 0) {
        g_free(key);
        g_free(service);
        return row - 1;
    }
    row = table->num_elements;
    for (int column = 0; column < COLUMN_COUNT; column++)
        cells[column].type = columns[column].type;
    cells[COLUMN_HOST].value.string_value = g_strdup(host);
    cells[COLUMN_ROLE].value.string_value = g_strdup(role);
    cells[COLUMN_SERVICE].value.string_value = service;
    stat_tap_init_table_row(table, row, COLUMN_COUNT, cells);
    g_hash_table_insert(tally.rows, key, GUINT_TO_POINTER(row + 1));
    return row;
}

static void add(stat_tap_table *table, guint row, guint column, int64_t by)
{
    stat_tap_table_item_type *cell = stat_tap_get_field_data(table, row, column);

    cell->value.uint_value = (guint)(cell->value.uint_value + by);
}

static void count(stat_tap_table *table, guint row, const struct lifeline_time_wait *time_wait,
                  int sign)
{
    add(table, row, COLUMN_TOTAL, sign);
    if (time_wait->outcome <= LIFELINE_TIME_WAIT_ASSASSINATED)
        add(table, row, COLUMN_RUNNING + (guint)time_wait->outcome, sign);
    add(table, row, COLUMN_RESTARTS, sign * (int64_t)time_wait->restarts);
    add(table, row, COLUMN_ABSORBED, sign * (int64_t)time_wait->absorbed);
}

static void update(void *user, const struct life *life, bool is_own)
{
    stat_tap_table *table = (stat_tap_table *)user;
    struct counted *counted = (struct counted *)g_hash_table_lookup(tally.counted, life);
    struct lifeline_connection record;

    /* Of one that merely changed with another's frame no frame may be tapped. */
    if ((counted == NULL && !is_own) || !annotations_record(life, &record))
        return;
    if (counted == NULL) {
        counted = g_new0(struct counted, 1);
        g_hash_table_insert(tally.counted, (gpointer)life, counted);
    }
    for (unsigned i = 0; i < counted->count; i++)
        count(table, counted->row[i], &counted->time_wait[i], -1);
    counted->count = record.time_wait_count;
    for (unsigned i = 0; i < counted->count; i++) {
        counted->time_wait[i] = record.time_wait[i];
        counted->row[i] = row_of(table, &record, record.time_wait[i].endpoint);
        count(table, counted->row[i], &counted->time_wait[i], 1);
    }
}

static tap_packet_status packet(void *user, packet_info *pinfo, epan_dissect_t *edt,
                                const void *data, tap_flags_t flags)
{
    stat_data_t *stat = (stat_data_t *)user;

    (void)pinfo;
    (void)edt;
    (void)flags;
    annotations_changed((const struct note *)data, update,
                        g_array_index(stat->stat_tap_data->tables, stat_tap_table *, 0));
    return TAP_PACKET_REDRAW;
}

void stat_table_register(void)
{
    static tap_param params[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};
    static stat_tap_table_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = MENU_TITLE,
        .tap_name = TAP_NAME,
        .cli_string = CLI_NAME,
        .stat_tap_init_cb = init,
        .packet_func = packet,
        .stat_tap_reset_table_cb = reset,
        .stat_tap_free_table_item_cb = free_cell,
        .nfields = COLUMN_COUNT,
        .fields = columns,
        .nparams = G_N_ELEMENTS(params),
        .params = params,
    };

    register_stat_tap_table_ui(&ui);
}
