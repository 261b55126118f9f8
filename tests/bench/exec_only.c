/* The floor of a wrapper: becomes its first argument. */
#include <unistd.h>

int main(int argc, char **argv)
{
        if (argc < 2)
                return 2;
        (void)execv(argv[1], argv + 1);
        return 127;
}
