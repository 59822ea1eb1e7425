/* SPDX-License-Identifier: MIT */
/* Runs a fuzzer's function on the files of folders: the corpus as a test, without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = file ? malloc(INPUT_BYTES) : NULL;
	size_t size = data ? fread(data, 1, INPUT_BYTES, file) : 0;
	uint8_t *exact = malloc(size ? size : 1);
	int ok = data && exact && !ferror(file);

	for (size_t i = 0; ok && i < size; i++)
		exact[i] = data[i];
	free(data);
	if (file)
		fclose(file);
	if (ok)
		LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return ok ? 0 : -1;
}

static int run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int n = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		fprintf(stderr, "%s\n", path);
		n = run_file(path) ? -1 : n + 1;
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++) {
		int n = run_folder(argv[i]);

		failed |= n < 1;
		printf("%sok - %d inputs of %s\n", n < 1 ? "not " : "", n, argv[i]);
	}
	return failed;
}
