/* A low-level OCI runtime that only exits: what the wrapper adds is then the whole difference. */
int main(void)
{
        return 0;
}
