/*
 * A PKCS#11 module that fails as it is told: everything goes to the real module, except what the control file says.
 *
 * Compiled by the tests that use it, with TYPED (the PIN at a PIN pad) and three paths: REAL (the module behind), CONTROL (what is to go wrong, read at each
 * call; no file, no fault) and JOURNAL (a line for each login and for each signature asked for). No header of PKCS#11 is
 * needed: a function list is a version and 68 pointers (PKCS #11 v2.40 section 5.2), and only the functions below are replaced.
 *
 * The control file has one line:
 *
 *     FUNCTION[@LABEL] ACTION [once]      at this function, for this key if one is named
 *     removed                             the token is not there
 *     pinpad                              the PIN is typed at the device: it is the one of the tests
 *
 * ACTION is `0x30` (the code to return), `delay 500` (milliseconds), `wrong` (a bit of the signature is turned), `as LABEL` (at
 * C_SignInit: the key of that label signs), `lose` (all sessions end first) or `logout` (the login ends first). `once` removes the file when it strikes.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long ulong;
typedef unsigned char byte;

struct list {
    byte major, minor;
    void *function[68];
};

struct attribute {
    ulong type;
    void *value;
    ulong length;
};

enum { SLOT_LIST = 4, TOKEN_INFO = 6, OPEN_SESSION = 12, CLOSE_ALL = 14, LOGIN = 18, LOGOUT = 19, ATTRIBUTE = 24,
       FIND_INIT = 26, FIND = 27, FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43 };
enum { TOKEN_NOT_PRESENT = 0xe0, DEVICE_REMOVED = 0x32, CLASS = 0, LABEL = 3, PRIVATE_KEY = 3,
       PROTECTED_PATH = 0x100 };

static struct list *real, faulty;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define CALL(place, ...) (((ulong(*)())real->function[place])(__VA_ARGS__))

/* The key each session signs with. Sessions of a test are few. */
static struct {
    ulong session;
    char label[64];
} keys[256];

static char *key_of(ulong session) {
    int free = 0;
    for (int i = 255; i >= 0; i--) {
        if (keys[i].session == session) return keys[i].label;
        if (keys[i].session == 0) free = i;
    }
    keys[free].session = session;
    return keys[free].label;
}

static void journal(const char *what, const char *label, const byte *data, ulong length) {
    pthread_mutex_lock(&lock);
    FILE *file = fopen(JOURNAL, "a");
    if (file) {
        fprintf(file, "%s %s ", what, label);
        for (ulong i = 0; i < length; i++) fprintf(file, "%02x", data[i]);
        fputc('\n', file);
        fclose(file);
    }
    pthread_mutex_unlock(&lock);
}

/* What is to go wrong at this function with this key; an empty text for nothing. */
static void told(const char *function, const char *label, char action[128]) {
    char line[128] = "", named[128];
    action[0] = 0;
    pthread_mutex_lock(&lock);
    FILE *file = fopen(CONTROL, "r");
    if (file) {
        if (!fgets(line, sizeof line, file)) line[0] = 0;
        fclose(file);
        line[strcspn(line, "\n")] = 0;
        snprintf(named, sizeof named, "%s@%s", function, label);
        char *space = strchr(line, ' ');
        if (space) *space++ = 0;
        if (space && (!strcmp(line, function) || !strcmp(line, named))) {
            char *once = strstr(space, " once");
            if (once) {
                *once = 0;
                unlink(CONTROL);
            }
            snprintf(action, 128, "%s", space);
        } else if (!strcmp(line, "removed") || !strcmp(line, "pinpad")) {
            strcpy(action, line);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* Every session of every slot ends, as when a token is pulled out. */
static void lose_sessions(void) {
    ulong slots[16], count = 16;
    if (CALL(SLOT_LIST, (int)1, slots, &count) == 0)
        for (ulong i = 0; i < count; i++) CALL(CLOSE_ALL, slots[i]);
}

/* The code to return instead of going on, 0 to go on. */
static ulong strike(const char *action, ulong session, ulong when_removed) {
    if (!strcmp(action, "removed")) {
        lose_sessions();
        return when_removed;
    }
    if (!strncmp(action, "0x", 2)) return strtoul(action, 0, 16);
    if (!strncmp(action, "delay ", 6)) usleep(1000 * atoi(action + 6));
    if (!strcmp(action, "lose")) lose_sessions();
    if (!strcmp(action, "logout")) CALL(LOGOUT, session);
    return 0;
}

static ulong struck(const char *function, const char *label, ulong session, ulong when_removed) {
    char action[128];
    told(function, label, action);
    return strike(action, session, when_removed);
}

static ulong slot_list(byte present, ulong *slots, ulong *count) {
    if (struck("C_GetSlotList", "", 0, TOKEN_NOT_PRESENT)) {
        *count = 0;
        return 0;
    }
    return CALL(SLOT_LIST, (int)present, slots, count);
}

static ulong open_session(ulong slot, ulong flags, void *application, void *notify, ulong *session) {
    ulong code = struck("C_OpenSession", "", 0, TOKEN_NOT_PRESENT);
    return code ? code : CALL(OPEN_SESSION, slot, flags, application, notify, session);
}

static ulong login(ulong session, ulong user, byte *pin, ulong length) {
    journal("login", "-", 0, 0);
    char action[128];
    told("C_Login", "", action);
    if (!pin && !strcmp(action, "pinpad")) return CALL(LOGIN, session, user, TYPED, (ulong)strlen(TYPED));
    ulong code = strike(action, session, DEVICE_REMOVED);
    return code ? code : CALL(LOGIN, session, user, pin, length);
}

/* CK_TOKEN_INFO begins with 96 octets of text. */
static ulong token_info(ulong slot, byte *info) {
    char action[128];
    ulong code = CALL(TOKEN_INFO, slot, info);
    told("C_GetTokenInfo", "", action);
    if (!code && !strcmp(action, "pinpad")) *(ulong *)(info + 96) |= PROTECTED_PATH;
    return code;
}

static ulong find_init(ulong session, void *template, ulong count) {
    ulong code = struck("C_FindObjectsInit", "", session, DEVICE_REMOVED);
    return code ? code : CALL(FIND_INIT, session, template, count);
}

/* The private key of a label, or `otherwise`. */
static ulong key_labelled(ulong session, const char *label, ulong otherwise) {
    ulong class = PRIVATE_KEY, key = otherwise, found = 0;
    struct attribute wanted[] = {{CLASS, &class, sizeof class}, {LABEL, (void *)label, strlen(label)}};
    if (CALL(FIND_INIT, session, wanted, (ulong)2) == 0) {
        CALL(FIND, session, &key, (ulong)1, &found);
        CALL(FIND_FINAL, session);
    }
    return found ? key : otherwise;
}

static ulong sign_init(ulong session, void *mechanism, ulong key) {
    char action[128], *label = key_of(session);
    struct attribute wanted = {LABEL, label, 63};
    memset(label, 0, 64);
    CALL(ATTRIBUTE, session, key, &wanted, (ulong)1);
    told("C_SignInit", label, action);
    ulong code = strike(action, session, DEVICE_REMOVED);
    if (code) return code;
    if (!strncmp(action, "as ", 3)) key = key_labelled(session, action + 3, key);
    return CALL(SIGN_INIT, session, mechanism, key);
}

static ulong sign(ulong session, byte *data, ulong length, byte *signature, ulong *size) {
    /* The question for the length is not yet the signature. */
    if (!signature) return CALL(SIGN, session, data, length, signature, size);
    char action[128], *label = key_of(session);
    journal("sign", label, data, length);
    told("C_Sign", label, action);
    if (!strcmp(action, "removed")) {
        lose_sessions();
        return DEVICE_REMOVED;
    }
    if (!strncmp(action, "0x", 2)) {
        /* The real operation ends, too, whatever the caller is told. */
        CALL(SIGN, session, data, length, signature, size);
        return strtoul(action, 0, 16);
    }
    if (!strncmp(action, "delay ", 6)) usleep(1000 * atoi(action + 6));
    ulong code = CALL(SIGN, session, data, length, signature, size);
    if (!code && !strcmp(action, "wrong")) signature[*size / 2] ^= 1;
    return code;
}

ulong C_GetFunctionList(struct list **list) {
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    ulong (*get)(struct list **) = library ? (ulong(*)(struct list **))dlsym(library, "C_GetFunctionList") : 0;
    if (!get || get(&real)) return 5; /* CKR_GENERAL_ERROR */
    faulty = *real;
    faulty.function[SLOT_LIST] = slot_list;
    faulty.function[OPEN_SESSION] = open_session;
    faulty.function[TOKEN_INFO] = token_info;
    faulty.function[LOGIN] = login;
    faulty.function[FIND_INIT] = find_init;
    faulty.function[SIGN_INIT] = sign_init;
    faulty.function[SIGN] = sign;
    *list = &faulty;
    return 0;
}
